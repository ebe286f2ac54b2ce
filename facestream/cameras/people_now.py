"""Who is in front of which camera now, by what happens in the collection."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from facestream.people.people_tally import source_of
from facestream.source_name import is_camera
from facestream.watch.visits import LATELY_S
from storage.identity_record import ChangeKind, IdentityChange


@dataclass(frozen=True, slots=True)
class _Seen:
    track_id: str
    at_s: float


class PeopleNow:
    """Remembers by whom each camera's tracks of late are; any thread may ask.

    Who stays is told of by a new track once a minute: before that has happened, somebody who stands there
    when this begins isn't known.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], _Seen] = {}

    def take(self, changes: Sequence[IdentityChange]) -> None:
        """Take in what happened, the oldest first."""
        with self._lock:
            for change in changes:
                self._take(change)
            late_s = time.time() - LATELY_S
            self._seen = {key: seen for key, seen in self._seen.items() if seen.at_s >= late_s}

    def forget(self) -> None:
        """Something may have been missed: begin anew."""
        with self._lock:
            self._seen.clear()

    def at(self, camera: str) -> list[str]:
        """Ids of the people who were there in the last 90 s, the latest first."""
        late_s = time.time() - LATELY_S
        with self._lock:
            found = [
                (-seen.at_s, person)
                for (name, person), seen in self._seen.items()
                if name == camera and seen.at_s >= late_s
            ]
        return [person for _, person in sorted(found)]

    def _take(self, change: IdentityChange) -> None:
        person = change.identity_id
        match change.kind:
            case ChangeKind.CREATED | ChangeKind.ASSIGNED | ChangeKind.SPLIT:
                source_id = source_of(change.track_id)
                if not is_camera(source_id):
                    return
                camera = source_id.removeprefix("c-")
                before = self._seen.get((camera, change.other_id))
                if before is not None and before.track_id == change.track_id:
                    del self._seen[camera, change.other_id]
                elif change.other_id:
                    # A track of some time ago turned out to be somebody else's.
                    return
                self._seen[camera, person] = _Seen(change.track_id, change.published_at_s)
            case ChangeKind.MERGED | ChangeKind.VANISHED | ChangeKind.FORGOTTEN:
                for key in [key for key in self._seen if key[1] == person]:
                    seen = self._seen.pop(key)
                    if change.kind is ChangeKind.MERGED:
                        self._seen.setdefault((key[0], change.other_id), seen)
            case _:
                pass
