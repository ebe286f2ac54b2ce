"""The Python client, on a collection that a real run has made."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from command_runs import Cli, Processed

import facestream
from facestream.errors import ClosedError, NotFoundError, UsageError
from storage.errors import CollectionSchemaError, DataFolderError, RedisUrlError

pytestmark = pytest.mark.e2e


@pytest.fixture
def store(processed: Processed) -> Iterator[facestream.Store]:
    with facestream.connect(processed.cli.data_dir) as opened:
        yield opened


def test_gives_the_same_people_as_the_command_line(store: facestream.Store, processed: Processed) -> None:
    listed = processed.cli.people()
    people = store.people()
    assert [person.id for person in people] == [entry["id"] for entry in listed]
    for person, entry in zip(people, listed, strict=True):
        assert (person.faces, person.tracks, person.name) == (entry["faces"], entry["tracks"], entry["name"])
        assert [s.source for s in person.sightings] == [s["source"] for s in entry["sightings"]]
        assert person.seconds == pytest.approx(sum(s.seconds for s in person.sightings))
        assert person.first in person.sightings
        assert person.last in person.sightings
        assert store.person(person.id) == person


def test_knows_its_sources_and_what_they_were_processed_with(
    store: facestream.Store, processed: Processed
) -> None:
    names = [Path(source.path).name for source in store.sources()]
    assert names == ["duo.mp4", "astronaut.jpg", "group.jpg"]
    assert all(source.complete for source in store.sources())
    assert store.meta()["pack"] == "open"
    assert store.collection == "default"
    assert str(processed.cli.data_dir) in store.where


def test_gives_faces_source_by_source_in_order_of_time(store: facestream.Store) -> None:
    faces = list(store.faces())
    groups = [source for source, _ in itertools.groupby(face.source_id for face in faces)]
    assert len(groups) == len(set(groups)) == 3
    for source_id in groups:
        own = list(store.faces(source_id))
        assert own == [face for face in faces if face.source_id == source_id]
        assert [face.frame for face in own] == sorted(face.frame for face in own)
    assert list(store.faces("v-unknown")) == []


def test_gives_a_picture_of_each_person(store: facestream.Store) -> None:
    for person in store.people():
        for sample_id in person.thumbnails[:1]:
            assert (store.thumbnail(sample_id) or b"").startswith(b"\xff\xd8\xff")
    assert store.thumbnail("no such sample") is None


def test_a_person_who_is_not_there_is_named(store: facestream.Store) -> None:
    with pytest.raises(NotFoundError, match="no person 'p99' in collection 'default'") as caught:
        store.person("p99")
    assert caught.value.what == "p99"


def test_an_id_that_was_merged_leads_to_who_took_it_over(copied: Processed) -> None:
    old, older, new = "p98", "p97", copied.cli.people()[0]["id"]
    # As a cluster worker leaves them behind.
    for gone, successor in ((old, older), (older, new)):
        fields = ["identity_id", gone, "tracks", "0", "merged_into", successor]
        copied.cli("redis", "--write", "HSET", f"fs:{{default}}:identity:{gone}", *fields)

    with facestream.connect(copied.cli.data_dir) as store:
        assert store.person(old) == store.person(new)
        assert len(store.people()) == 7
    assert f"{old} was merged into {new}." in copied.cli("people", "show", old).stdout


def test_a_person_of_whom_nothing_is_left_is_not_there(copied: Processed) -> None:
    fields = ("identity_id", "p98", "tracks", "0", "merged_into", "")
    copied.cli("redis", "--write", "HSET", "fs:{default}:identity:p98", *fields)
    with facestream.connect(copied.cli.data_dir) as store, pytest.raises(NotFoundError):
        store.person("p98")


def test_people_can_be_chosen_and_sorted(store: facestream.Store, processed: Processed) -> None:
    where = facestream.PeopleFilter(sources=str(processed.video), until=1.0)
    (person,) = store.people(where)
    assert {sighting.source for sighting in person.sightings} == {str(processed.video)}
    assert person.seconds == pytest.approx(1.6)
    by_id = store.people(sort="id", reverse=True)
    numbers = [int(each.id[1:]) for each in by_id]
    assert numbers == sorted(numbers, reverse=True)
    assert {each.id for each in by_id} == {each.id for each in store.people()}
    with pytest.raises(UsageError, match="'age'"):
        store.people(sort="age")


@pytest.mark.parametrize("person_id", ["", "ada", "p1:tracks", "p", "1", "p1 p2"])
def test_who_is_unknown_by_name_is_as_unknown_as_by_id(store: facestream.Store, person_id: str) -> None:
    for ask in (
        store.person,
        store.forget,
        lambda i: store.name(i, "Ada"),
        lambda i: list(store.tracks(i or "x")),
    ):
        with pytest.raises(NotFoundError, match="nobody in collection 'default' is called"):
            ask(person_id)


def test_gives_tracks_with_their_faces(store: facestream.Store) -> None:
    tracks = list(store.tracks())
    assert sum(len(track.faces) for track in tracks) == len(list(store.faces()))
    assert [track.id for track in tracks] == sorted(track.id for track in tracks)
    for person in store.people():
        own = list(store.tracks(person.id.upper()))
        assert own == [track for track in tracks if track.identity == person.id]
        assert sum(len(track.faces) for track in own) == person.faces
    one = store.track(tracks[0].id)
    assert (one.samples, tracks[0].samples) != ((), ())
    assert replace(one, samples=()) == tracks[0]
    assert store.thumbnail(one.samples[0].id)
    with pytest.raises(NotFoundError) as caught:
        store.track("v-nothing")
    assert caught.value.what == "v-nothing"


def test_people_are_named_and_forgotten(copied: Processed) -> None:
    with facestream.connect(copied.cli.data_dir) as store:
        before = store.people()
        decision = store.name("P1", "  Ada <b> ")
        assert decision is not None
        assert (decision.people, decision.name, decision.number) == (("p1",), "Ada <b>", 1)
        named = store.person("p1")
        assert named == replace(before[[p.id for p in before].index("p1")], name="Ada <b>")
        assert [person.id for person in store.people(facestream.PeopleFilter(named=True))] == ["p1"]
        with pytest.raises(UsageError, match="a line break"):
            store.name("p1", "a\nb")
        with pytest.raises(NotFoundError):
            store.name("p99", "Ada")

        done = store.forget("p1")

        assert isinstance(done, facestream.Forgotten)
        assert (done.id, done.older_ids, done.tracks, done.history_erased) == ("p1", (), named.tracks, True)
        assert set(done.sources) == {sighting.source for sighting in named.sightings}
        assert store.people() == [person for person in before if person.id != "p1"]
        assert list(store.thumbnails(named.thumbnails)) == [None] * len(named.thumbnails)
        with pytest.raises(NotFoundError, match="p1 was forgotten"):
            store.person("p1")


def test_a_collection_that_was_never_written_to_is_empty(processed: Processed) -> None:
    with facestream.connect(processed.cli.data_dir, collection="nobody") as store:
        assert store.people() == []
        assert store.sources() == []
        assert list(store.faces()) == []
        assert store.meta() == {}


def test_closing_twice_does_nothing(copied: Processed) -> None:
    store = facestream.connect(copied.cli.data_dir)
    store.close()
    store.close()
    copied.cli.wait_for_the_server_to_go()


def test_the_environment_says_where(processed: Processed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(processed.cli.data_dir))
    monkeypatch.delenv("FACESTREAM_REDIS", raising=False)
    with facestream.connect() as store:
        assert len(store.people()) == 7


def test_what_can_t_be_opened_is_refused_and_nothing_stays_open(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError):
        facestream.connect(tmp_path / "file")
    with pytest.raises(UsageError):
        facestream.connect(cli.data_dir, collection="no such/name")
    with pytest.raises(RedisUrlError):
        facestream.connect(redis="http://host")
    cli("redis", "--write", "HSET", "fs:{default}:meta", "schema", "999")
    with pytest.raises(CollectionSchemaError):
        facestream.connect(cli.data_dir)
    cli.wait_for_the_server_to_go()


def test_its_names_can_be_imported_and_others_not() -> None:
    for name in facestream.__all__:
        assert getattr(facestream, name) is not None
    with pytest.raises(AttributeError, match="banana"):
        _ = facestream.banana  # type: ignore[attr-defined]


def test_limits_and_margins_that_cannot_be_are_refused(store: facestream.Store, tmp_path: Path) -> None:
    for limit in (0, -1, 2.5, "x", 1001):
        with pytest.raises(UsageError, match=r"^limit is .*a whole number, 1 to 1000\."):
            store.find(tmp_path / "none.jpg", limit=limit)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"^margin_s is -5;"):
        store.clips("p1", tmp_path / "clip.mp4", margin_s=-5)


def test_one_id_or_kind_need_not_be_in_a_list(store: facestream.Store) -> None:
    (first, *_) = store.people()
    told = list(store.watch(people=first.id, after="0-0", timeout_s=0.1))
    assert told
    assert told == list(store.watch(people=[first.id], after="0-0", timeout_s=0.1))
    created = list(store.watch(kinds="created", after="0-0", timeout_s=0.1))
    assert {event.kind for event in created} == {"created"}


def test_a_store_that_was_closed_says_so(processed: Processed) -> None:
    store = facestream.connect(processed.cli.data_dir)
    store.people()
    store.close()
    store.close()
    for ask in (store.people, store.meta, lambda: list(store.sightings()), lambda: store.watch()):
        with pytest.raises(ClosedError, match="the store of collection 'default' was closed; connect again"):
            ask()


def test_a_source_is_meant_by_its_path_also_from_the_current_folder(
    store: facestream.Store, processed: Processed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(processed.video.parent)
    whole = store.expected_erasure("source", source=str(processed.video))
    assert whole.tracks > 0
    for written in (processed.video.name, f"./{processed.video.name}", "photos/../duo.mp4"):
        assert store.expected_erasure("source", source=written) == whole
    for nowhere in ("./nowhere.mp4", "duo\0.mp4"):
        with pytest.raises(NotFoundError, match="no source"):
            store.expected_erasure("source", source=nowhere)
