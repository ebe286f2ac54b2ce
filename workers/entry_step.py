"""One step of the cluster worker: what entries change, committed with their acknowledgement."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from storage.delivery import Delivery, Entry
from storage.effects import Effects
from storage.requests import (
    DecisionRequest,
    EraseRequest,
    ForgetRequest,
    LookAgainRequest,
    ReclusterRequest,
)
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord
from workers.erasures import Erasures
from workers.kept_roster import KeptRoster
from workers.regrouping import Regrouping
from workers.roster import Roster

_log = logging.getLogger(__name__)


def take_in(
    deliveries: Sequence[Delivery], kept: KeptRoster, regrouping: Regrouping, erasures: Erasures
) -> None:
    """Take in deliveries: all of them in one transaction, or none.

    What takes longer than a step is handed on, and acknowledged when it is done.

    Args:
        deliveries: In the order in which they were sent.
        kept: The people.
        regrouping: Gets wishes for re-clusters, and decisions that have to wait for one.
        erasures: Gets requests to erase.
    """
    step = _Step(kept.roster, puts_off=regrouping.puts_off)
    for delivery in deliveries:
        step.add(delivery)
    step.end()
    kept.commit(step.touched, step.effects)
    for delivery in step.put_off:
        regrouping.put_off(delivery)
    for asked, request in step.reclusters:
        regrouping.wish(request, asked)
    if step.torn:
        regrouping.wish_for_decided()
    for asked, erase in step.erasures:
        erasures.add(erase, asked)


@dataclass(slots=True, eq=False)
class _Step:
    """What is gathered of deliveries.

    Attributes:
        roster: The people.
        puts_off: Whether decisions have to wait.
        effects: What changes.
        touched: People whose records are to be written anew.
        put_off: Decisions that have to wait.
        reclusters: Requests for re-clusters, with their deliveries.
        erasures: Requests to erase, with their deliveries.
        torn: Whether only a re-cluster can tell where everybody belongs.
    """

    roster: Roster
    puts_off: bool
    effects: Effects = field(default_factory=Effects)
    touched: set[str] = field(default_factory=set)
    put_off: list[Delivery] = field(default_factory=list)
    reclusters: list[tuple[Delivery, ReclusterRequest]] = field(default_factory=list)
    erasures: list[tuple[Delivery, EraseRequest]] = field(default_factory=list)
    torn: bool = False
    _unwanted: list[ForgetRequest] = field(default_factory=list)
    _brought: list[TrackRecord] = field(default_factory=list)

    def add(self, delivery: Delivery) -> None:
        """Take in one of them."""
        entry = delivery.entry
        problem = delivery.problem or self.roster.problem(entry)
        if entry is None or problem:
            self._put_aside(delivery, problem)
        elif isinstance(entry, ReclusterRequest):
            self.reclusters.append((delivery, entry))
        elif isinstance(entry, EraseRequest):
            self.erasures.append((delivery, entry))
        elif isinstance(entry, DecisionRequest) and self.puts_off:
            self.put_off.append(delivery)
        else:
            self.effects.done.append(delivery)
            self._apply(delivery, entry)

    def end(self) -> None:
        """Leave out who was forgotten, and forget who is to be: last, with what this step brought of them."""
        self._place()
        self.touched |= self.roster.leave_out(self.effects)
        for request in self._unwanted:
            self.roster.forget(request, self.effects)
        self.touched -= self.effects.forgotten

    def _put_aside(self, delivery: Delivery, problem: str) -> None:
        _log.warning(
            "entry %s is put aside: %s",
            delivery.entry_id.decode(),
            problem,
            extra={"entry_id": delivery.entry_id.decode(), **_about(delivery)},
        )
        self.effects.unreadable.append(replace(delivery, problem=problem))

    def _apply(self, delivery: Delivery, entry: Entry) -> None:
        roster, effects = self.roster, self.effects
        if isinstance(entry, TrackRecord):
            # Who has them is found out for all that follow each other at once, which is quicker.
            if roster.bring(entry, effects):
                self._brought.append(entry)
            return
        if not isinstance(entry, FaceSample) or delivery.dead_id:
            self._place()
        match entry:
            case FaceSample():
                if delivery.dead_id:
                    self._brought += roster.add_late(entry, effects)
                else:
                    roster.add_sample(entry, effects)
            case SegmentDone():
                self.touched |= roster.end_segment(entry, effects)
            case LookAgainRequest():
                roster.look_again(entry, effects)
            case DecisionRequest():
                moved, torn = roster.decide(effects)
                self.touched |= moved
                self.torn = self.torn or torn
            case ForgetRequest():
                self._unwanted.append(entry)

    def _place(self) -> None:
        """Find out who has the tracks that came."""
        self.touched |= self.roster.place(self._brought, self.effects)
        self._brought.clear()


def _about(delivery: Delivery) -> dict[str, str]:
    """What an entry is about, for the log, as far as that can be read."""
    found = {name: delivery.raw.get(name.encode(), b"") for name in ("source_id", "track_id")}
    return {name: value[:200].decode("utf-8", "replace") for name, value in found.items() if value}
