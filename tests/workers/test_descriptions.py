from __future__ import annotations

import itertools
from typing import cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from test_people import summary
from told_in_full import described_in_full

from storage.effects import Effects
from storage.identity_record import ChangeKind, Identity
from storage.identity_store import IdentityStore
from storage.source_record import SourceRecord
from workers.descriptions import Descriptions
from workers.membership import Membership
from workers.people import SourceTimes
from workers.source_book import SourceBook
from workers.track_summaries import TrackSummaries

sources = st.sampled_from(["v-1", "v-2", "i-1"])
numbers = st.integers(0, 9)
people = st.integers(0, 3)


class Collection(RuleBasedStateMachine):
    """Whatever happens to tracks and people, what a step writes leaves what all tracks say in Redis."""

    def __init__(self) -> None:
        super().__init__()
        ids = itertools.count(1)
        self.summaries = TrackSummaries()
        self.membership = Membership(self.summaries, lambda: f"p{next(ids)}")
        # Nothing is read from the store here.
        self.sources = SourceBook(cast(IdentityStore, None))
        self.cover = ""
        self.descriptions = Descriptions(
            self.summaries,
            self.membership,
            self.sources,
            lambda track_ids: self.cover if self.cover in track_ids else "",
            most_tracks=6,
        )
        self.effects, self.touched = Effects(), set[str]()
        # As in Redis: the records, and the sightings by their members.
        self.records: dict[str, Identity] = {}
        self.sets: dict[str, dict[str, float]] = {}

    def owner(self, person: int) -> str:
        return f"p{person + 1}"

    def has_gone(self, person: int) -> bool:
        """Whether somebody was merged into another one, or forgotten, in the step that is under way."""
        gone = {identity.identity_id for identity in self.effects.identities}
        return self.owner(person) in gone | self.effects.forgotten

    @rule(number=numbers, source=sources, start=st.integers(0, 200), length=st.integers(0, 60))
    def a_track_comes_or_grows(self, number: int, source: str, start: int, length: int) -> None:
        track_id = f"t{number}"
        self.summaries[track_id] = summary(
            track_id, source, start / 10, (start + length) / 10, photo=source == "i-1"
        )
        if track_id in self.membership.identity_of:
            self.touched.add(self.membership.identity_of[track_id])

    @rule(number=numbers, person=people)
    def somebody_gets_a_track(self, number: int, person: int) -> None:
        track_id = f"t{number}"
        if track_id in self.summaries and not self.has_gone(person):
            before = self.membership.identity_of.get(track_id)
            self.membership.assign(track_id, self.owner(person), ChangeKind.ASSIGNED, self.effects)
            self.touched |= {self.owner(person), *([before] if before else [])}

    @rule(number=numbers)
    def a_track_goes(self, number: int) -> None:
        track_id = f"t{number}"
        if track_id in self.summaries:
            before = self.membership.leave(track_id, self.effects)
            del self.summaries[track_id]
            self.touched |= {before} if before else set()

    @rule(person=people, other=people)
    def somebody_is_merged_into_another(self, person: int, other: int) -> None:
        if person == other or self.has_gone(other) or not self.membership.members(self.owner(person)):
            return
        for track_id in sorted(self.membership.members(self.owner(person))):
            self.membership.assign(track_id, self.owner(other), ChangeKind.ASSIGNED, self.effects)
        self.membership.merge(self.owner(person), self.owner(other), self.effects)
        self.touched.add(self.owner(other))

    @rule(person=people)
    def somebody_is_forgotten(self, person: int) -> None:
        identity_id = self.owner(person)
        for track_id in sorted(self.membership.members(identity_id)):
            self.membership.leave(track_id, self.effects)
            del self.summaries[track_id]
        self.membership.forget([identity_id])
        self.effects.forget({identity_id}, set())

    @rule(
        source=sources,
        recorded=st.sampled_from([None, 0.0, 900.0]),
        fps=st.sampled_from([2.0, 5.0]),
    )
    def more_is_known_of_a_source(self, source: str, recorded: float | None, fps: float) -> None:
        record = SourceRecord(source, "video", "/v", 8, 8, recorded_at_s=recorded, fps=fps, duration_s=20.0)
        self.sources.write(record, self.effects)
        self.touched |= {
            owner
            for track_id, owner in self.membership.identity_of.items()
            if self.summaries[track_id].source_id == source
        }

    @rule(source=sources)
    def nothing_is_known_of_a_source_any_more(self, source: str) -> None:
        self.sources.remove(source, self.effects)
        self.touched |= set(self.membership.alive())

    @rule(number=numbers)
    def people_choose_a_face(self, number: int) -> None:
        self.cover = f"t{number}"
        self.touched |= set(self.membership.alive())

    @rule()
    def the_step_is_committed(self) -> None:
        gone = {identity.identity_id for identity in self.effects.identities if identity.merged_into}
        self.descriptions.write(sorted(self.touched - gone - self.effects.forgotten), self.effects)
        for identity in self.effects.identities:
            rows = self.effects.sightings.get(identity.identity_id)
            self.records[identity.identity_id] = identity
            if not identity.tracks or rows is None or rows.is_new:
                self.sets[identity.identity_id] = {}
            if identity.tracks:
                assert rows is not None
                kept = self.sets[identity.identity_id]
                for member in rows.gone:
                    kept.pop(member, None)
                kept |= rows.starts if rows.is_new else rows.come
        for identity_id in self.effects.forgotten:
            self.records.pop(identity_id, None)
            self.sets.pop(identity_id, None)
        for rows in self.effects.sightings.values():
            rows.committed()
        self.effects, self.touched = Effects(), set()

    @invariant()
    def everybody_who_is_written_is_as_their_tracks_say(self) -> None:
        if self.touched or self.effects.identities or self.effects.forgotten or self.effects.sources:
            return
        for identity_id in self.membership.alive():
            tracks = [self.summaries[track_id] for track_id in self.membership.members(identity_id)]
            cover = self.cover if self.cover in self.membership.members(identity_id) else ""
            told = described_in_full(identity_id, tracks, self.sources.times, cover)
            assert self.records[identity_id] == told
            assert self.sets[identity_id] == {s.encode(): s.start_s for s in told.sightings}
        for identity_id in self.records.keys() - set(self.membership.alive()):
            assert self.records[identity_id].tracks == 0
            assert not self.sets[identity_id]


class AskedSources(SourceBook):
    """Sources that tell for which of them somebody asked when they were."""

    def __init__(self) -> None:
        # Nothing is read from the store here.
        super().__init__(cast(IdentityStore, None))
        self.asked: list[str] = []

    def times(self, source_id: str) -> SourceTimes:
        self.asked.append(source_id)
        return super().times(source_id)


def test_somebody_who_comes_into_a_new_source_is_not_looked_at_anew() -> None:
    summaries, sources = TrackSummaries(), AskedSources()
    membership = Membership(summaries, lambda: "p1")
    descriptions = Descriptions(summaries, membership, sources, lambda _: "")

    def seen_in(source_id: str, at_s: float) -> Identity:
        effects = Effects()
        sources.write(SourceRecord(source_id, "video", "/v", 8, 8, recorded_at_s=at_s, fps=5.0), effects)
        summaries[f"t-{source_id}"] = summary(f"t-{source_id}", source_id)
        membership.assign(f"t-{source_id}", "p1", ChangeKind.ASSIGNED, effects)
        sources.asked.clear()
        descriptions.write(["p1"], effects)
        return effects.identities[-1]

    seen_in("v-1", 0.0)
    person = seen_in("v-2", 900.0)
    assert sources.asked == ["v-2"]
    assert (person.tracks, person.seconds, person.wall_clock) == (2, 4.4, True)


TestCollection = Collection.TestCase
TestCollection.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
