"""facestream people merge, split, differs, ignore, cover, undo and log, and the same from Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from command_runs import Processed

import facestream
from facestream.errors import DecisionError, NotFoundError, UsageError

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def opened(processed: Processed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[facestream.Store]:
    cli = processed.copy(tmp_path_factory.mktemp("fs") / "data").cli
    with facestream.connect(cli.data_dir) as store:
        yield store


@pytest.fixture
def store(opened: facestream.Store) -> Iterator[facestream.Store]:
    """A collection of seven people; what a test decides is taken back after it, and all is as it was."""
    before = opened.people(sort="id")
    yield opened
    for decision in reversed(opened.decisions()):
        if decision.kind != "undo" and decision.undone_by is None:
            opened.undo(decision.number)
    assert opened.people(sort="id") == before


def ids(store: facestream.Store) -> list[str]:
    return [person.id for person in store.people(sort="id")]


def tracks(store: facestream.Store, person_id: str) -> list[str]:
    return [track.id for track in store.tracks(person_id)]


# From Python


def test_people_are_merged_and_the_older_ids_lead_on(store: facestream.Store) -> None:
    first, second, third, *_ = ids(store)
    everything = {t for person_id in (first, second, third) for t in tracks(store, person_id)}
    store.name(second, "Ada")

    decision = store.merge(third, first, "ada")

    assert (decision.kind, decision.people, decision.name) == ("merge", (third, first, second), "Ada")
    assert set(tracks(store, first)) == everything
    assert store.person(second).id == third
    assert store.person(third).name == "Ada"
    assert store.decisions()[-1] == decision


def test_a_merge_says_which_name_goes_and_its_undo_brings_it_back(store: facestream.Store) -> None:
    first, second, third, *_ = ids(store)
    for person_id, name in ((first, "Ada"), (second, "Bob"), (third, "Ada")):
        store.name(person_id, name)
    merged = store.merge(first, second, third)
    assert (merged.name, merged.names_before, merged.names_dropped) == ("", ("Ada", "Bob", "Ada"), ("Bob",))
    assert str(merged).endswith(f"are one person, {first}, called Ada and not Bob")
    assert store.person(first).name == "Ada"
    store.undo(merged.number)
    assert [store.person(person_id).name for person_id in (first, second, third)] == ["Ada", "Bob", "Ada"]


def test_of_several_names_the_first_goes_over_to_who_has_none(store: facestream.Store) -> None:
    first, *_, second, third = ids(store)
    store.name(second, "Bob")
    store.name(third, "Cy")
    merged = store.merge(first, third, second)
    assert (merged.name, merged.names_dropped) == ("Cy", ("Bob",))
    assert store.person(first).name == "Cy"
    store.undo(merged.number)
    assert [store.person(person_id).name for person_id in (first, second, third)] == ["", "Bob", "Cy"]


def test_the_undo_of_a_split_drops_no_name(store: facestream.Store) -> None:
    person = max(store.people(), key=lambda p: p.tracks).id
    split = store.split(person, tracks(store, person)[:1])
    new = split.people[-1]
    store.name(person, "Ada")
    store.name(new, "Bob")
    with pytest.raises(
        UsageError, match=f"{new} would be {person} again.* Bob and Ada.* people name {new} ''"
    ):
        store.undo(split.number)
    assert store.person(new).name == "Bob"
    store.name(new, "")
    store.undo(split.number)
    assert store.person(new).id == person


def test_tracks_are_split_off_and_somebody_is_shown_by_one(store: facestream.Store) -> None:
    person = max(store.people(), key=lambda p: p.tracks)
    one, *rest = tracks(store, person.id)

    split = store.split(person.id, [one, one])

    assert tracks(store, split.people[-1]) == [one]
    assert tracks(store, person.id) == rest
    assert split.tracks == (one,)
    store.cover(person.id, rest[-1])
    samples = {sample.id for sample in store.track(rest[-1]).samples}
    assert store.person(person.id).thumbnails[0] in samples


def test_a_face_is_taken_out_of_a_merge_and_the_rest_of_it_stays(store: facestream.Store) -> None:
    most = max(store.people(), key=lambda p: p.tracks).id
    other = next(person_id for person_id in ids(store) if person_id != most)
    before = {person_id: tracks(store, person_id) for person_id in (most, other)}
    merged = store.merge(other, most)
    one = before[most][0]

    split = store.split(other, [one])

    new = split.people[-1]
    assert tracks(store, new) == [one]
    assert set(tracks(store, other)) == {*before[most], *before[other]} - {one}
    assert store.person(most).id == other
    with pytest.raises(DecisionError, match=f"people undo {split.number} ") as caught:
        store.merge(other, new)
    assert caught.value.earlier == split.number
    assert store.differs(other, new) is None
    # Who had been taken over is back without it, and has it when that is taken back as well.
    store.undo(merged.number)
    assert tracks(store, most) == before[most][1:]
    store.undo(split.number)
    assert {person_id: tracks(store, person_id) for person_id in (most, other)} == before


def test_a_split_from_a_merge_that_was_taken_back_drops_no_name_with_its_undo(
    store: facestream.Store,
) -> None:
    most = max(store.people(), key=lambda p: p.tracks).id
    other = next(person_id for person_id in ids(store) if person_id != most)
    one = tracks(store, most)[0]
    merged = store.merge(other, most)
    split = store.split(other, [one])
    store.undo(merged.number)
    store.name(most, "Ada")
    store.name(split.people[-1], "Bob")
    with pytest.raises(UsageError, match=f"{split.people[-1]} would be {most} again.* Bob and Ada"):
        store.undo(split.number)
    store.name(most, "")
    store.undo(split.number)


def test_the_undo_of_a_split_drops_no_name_where_another_merge_pulls_the_tracks(
    store: facestream.Store,
) -> None:
    most = max(store.people(), key=lambda p: p.tracks).id
    first, third, *_ = (person_id for person_id in ids(store) if person_id != most)
    one = tracks(store, most)[0]
    store.name(first, "Ada")
    store.merge(first, most)
    over = store.merge(third, first)
    split = store.split(third, [one])
    new = split.people[-1]
    store.undo(over.number)
    store.name(new, "Bob")
    # Not of whom it was split off, but of whom the first merge has put it together with.
    with pytest.raises(UsageError, match=f"{new} would be {first} again.* Bob and Ada"):
        store.undo(split.number)
    assert store.person(new).name == "Bob"
    store.name(new, "")
    store.undo(split.number)
    assert one in tracks(store, first)


def test_who_is_ignored_is_left_out_of_lists_alone(store: facestream.Store) -> None:
    first, *others = ids(store)
    store.ignore(first)
    assert ids(store) == others
    assert [p.id for p in store.people(facestream.PeopleFilter(ignored=True), sort="id")] == [first, *others]
    assert store.person(first).ignored
    assert store.ignore(first) is None
    store.ignore(first, on=False)
    assert ids(store) == [first, *others]


def test_what_contradicts_an_earlier_decision_is_refused_and_names_it(store: facestream.Store) -> None:
    first, second, third, *_ = ids(store)
    theirs = tracks(store, second)
    merged = store.merge(first, second)
    differs = store.differs(first, third)
    for contradict in (lambda: store.merge(third, first), lambda: store.merge(third, second)):
        with pytest.raises(DecisionError, match=f"decision {differs.number} .* two people") as caught:
            contradict()
        assert caught.value.earlier == differs.number
    size = len(store.decisions())
    with pytest.raises(DecisionError, match=f"people undo {merged.number} .*`") as caught:
        store.split(first, theirs)
    assert caught.value.earlier == merged.number
    assert len(store.decisions()) == size
    store.undo(differs.number)
    store.merge(third, first)


def test_what_can_t_be_decided_is_refused_with_the_reason(store: facestream.Store) -> None:
    first, second, *_ = ids(store)
    store.merge(first, second)
    mine = tracks(store, first)
    (other, *_) = (person.id for person in store.people() if person.id != first)
    (theirs, *_) = tracks(store, other)
    size = len(store.decisions())
    refused = [
        (lambda: store.merge(first, first), UsageError, f"{first} and {first} are one person already"),
        (lambda: store.merge(first, second), UsageError, f"{first} and {second} are one person already"),
        (lambda: store.merge(first), UsageError, "at least two people"),
        (lambda: store.merge(first, "p99"), NotFoundError, "no person 'p99'"),
        (lambda: store.merge("nobody", first), NotFoundError, "nobody in collection .* is called 'nobody'"),
        (lambda: store.split(first, mine), UsageError, "nothing would be left"),
        (lambda: store.split(first, []), UsageError, "no track of"),
        (lambda: store.split(first, ["v-x"]), NotFoundError, "no track 'v-x' .* tracks list --person"),
        (lambda: store.split(first, [theirs]), UsageError, f"is {other}'s, not {first}'s"),
        (lambda: store.cover(first, theirs), UsageError, f"is {other}'s, not {first}'s"),
        (lambda: store.undo(99), NotFoundError, "there is no decision 99"),
    ]
    for ask, kind, said in refused:
        with pytest.raises(kind, match=said):
            ask()
    assert len(store.decisions()) == size


def test_what_is_so_already_is_no_decision(store: facestream.Store) -> None:
    first, second, *_ = ids(store)
    (mine, *_) = tracks(store, first)
    assert store.name(first, "") is None
    for decide in (
        lambda: store.name(first, "Ada"),
        lambda: store.cover(first, mine),
        lambda: store.ignore(second),
        lambda: store.differs(first, second),
    ):
        made = decide()
        assert made is not None
        assert decide() is None
        assert store.decisions()[-1].number == made.number
    assert store.differs(second, first) is None
    # Once it is taken back, it can be said again.
    store.undo(made.number)
    assert store.differs(second, first) is not None


def test_the_way_to_tell_two_apart_who_were_made_one_works(store: facestream.Store) -> None:
    first, second, third, *_ = ids(store)
    merged = store.merge(second, third)
    store.merge(first, second)
    with pytest.raises(UsageError, match=f"by decision {merged.number}. .*people undo {merged.number} .*`"):
        store.differs(second, third)
    store.undo(merged.number)
    assert store.differs(second, third) is not None
    assert store.person(second).id == first


def test_a_decision_is_taken_back_once(store: facestream.Store) -> None:
    first, *_ = ids(store)
    store.name(first, "Ada")
    named = store.decisions()[-1]
    undone = store.undo()
    assert undone.undoes == named.number
    assert store.person(first).name == ""
    with pytest.raises(UsageError, match=f"was taken back already, by decision {undone.number}"):
        store.undo(named.number)
    with pytest.raises(UsageError, match="that can't be undone"):
        store.undo(undone.number)


def test_a_name_is_taken_back_wherever_it_went(store: facestream.Store) -> None:
    first, second, *_ = ids(store)
    store.name(second, "Ada")
    named = store.decisions()[-1].number
    merged = store.merge(first, second)
    assert store.person(first).name == "Ada"
    store.undo(named)
    assert store.person(first).name == ""
    store.undo(merged.number)
    assert store.person(second).name == ""
    # Where another name has come since, it stays.
    store.name(first, "Ada")
    store.name(first, "Countess")
    store.undo(store.decisions()[-2].number)
    assert store.person(first).name == "Countess"
    store.undo()
    assert store.person(first).name == ""


def test_who_was_called_so_by_themselves_keeps_the_name_of_another_that_is_taken_back(
    store: facestream.Store,
) -> None:
    first, second = (person.id for person in store.people()[:2])
    named = store.name(first, "Dee")
    assert named is not None
    store.name(second, "Dee")
    merged = store.merge(second, first)
    store.undo(named.number)
    assert store.person(second).name == "Dee"
    store.undo(merged.number)
    assert (store.person(first).name, store.person(second).name) == ("", "Dee")


def test_whom_a_merge_took_over_is_ignored_or_not_by_what_was_said_of_them(store: facestream.Store) -> None:
    first, second, *_ = ids(store)
    ignored = store.ignore(second)
    merged = store.merge(first, second)
    store.ignore(first)
    store.undo(ignored.number)
    assert store.person(first).ignored
    store.undo(merged.number)
    assert not store.person(second).ignored
    assert store.person(first).ignored


def test_where_nothing_was_decided_nothing_can_be_taken_back(processed: Processed) -> None:
    with facestream.connect(processed.cli.data_dir, collection="nobody") as nobody:
        with pytest.raises(UsageError, match="nothing was decided that could be taken back"):
            nobody.undo()
        assert nobody.decisions() == []


def test_a_name_that_two_people_have_is_no_answer(store: facestream.Store) -> None:
    first, second, *_ = ids(store)
    store.name(first, "Ada")
    assert store.person(" ADA ").id == first
    store.name(second, "ada")
    with pytest.raises(UsageError, match=f"2 people are called 'Ada': {first}, {second}"):
        store.person("Ada")
