"""Who is meant to be forgotten, and where they have left traces beside their own records."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping

import numpy as np
import numpy.typing as npt

from storage.collection_reader import CollectionReader
from storage.commands import Hash
from storage.errors import RecordError
from storage.track_record import TrackRecord
from workers.tracking.boxes import iou_matrix

_log = logging.getLogger(__name__)

# A face of the log that lies so well on one of the person's is theirs.
_SAME_FACE_IOU = 0.5


def bearer_of(
    store: CollectionReader, identity_id: str, merged: Mapping[str, str], alive: Collection[str]
) -> str | None:
    """Who bears an id now, or None if nobody does.

    Args:
        store: The collection.
        identity_id: An id that somebody had.
        merged: Who took whom over since then, beside what is stored.
        alive: The people there are.
    """
    passed: set[str] = set()
    while identity_id not in alive:
        passed.add(identity_id)
        successor = merged.get(identity_id) or _stored_successor(store, identity_id)
        # Somebody else may have written records that lead in a circle.
        if successor is None or successor in passed:
            return None
        identity_id = successor
    return identity_id


def vanished_bearer_of(store: CollectionReader, identity_id: str, merged: Mapping[str, str]) -> str | None:
    """Who bore an id last, if they vanished and were not forgotten; what was said of them may be left.

    Args:
        store: The collection.
        identity_id: An id whose bearer is no more.
        merged: Who took whom over since then, beside what is stored.
    """
    passed: set[str] = set()
    while identity_id not in passed:
        passed.add(identity_id)
        try:
            record = store.person(identity_id)
        except RecordError:
            return None
        successor = merged.get(identity_id) or (record.merged_into if record else None)
        if successor is None:
            return identity_id if record and not (record.forgotten or record.tracks) else None
        identity_id = successor
    return None


def _stored_successor(store: CollectionReader, identity_id: str) -> str | None:
    try:
        record = store.person(identity_id)
    except RecordError as error:
        # Asked for again and again, it would stop everything else.
        _log.warning("%s It can't be forgotten until then.", error)
        return None
    return record.merged_into if record else None


def stream_traces(
    store: CollectionReader,
    identity_ids: Collection[str],
    tracks: Iterable[TrackRecord],
    streams: Collection[str] | None = None,
) -> dict[str, list[bytes]]:
    """Entries of streams that tell of a person.

    Args:
        store: The collection.
        identity_ids: The ids of the person, older ones included.
        tracks: Their tracks.
        streams: Keys of the streams to look at, where that is not all of them.

    Returns:
        Ids of the entries by key of the stream, without streams that hold none.
    """
    keys = store.keys
    people = {identity_id.encode() for identity_id in identity_ids}
    seen = _Seen(tracks)

    def tells(key: str, raw: Hash) -> bool:
        if raw.get(b"track_id") in seen.track_ids:
            return True
        if key == keys.changes:
            return raw.get(b"identity_id") in people or raw.get(b"other_id") in people
        return key == keys.faces and seen.holds(raw)

    wanted = (keys.changes, keys.faces, keys.samples, keys.dead) if streams is None else streams
    found = {key: [i for i, raw in store.stream(key) if tells(key, raw)] for key in wanted}
    return {key: entry_ids for key, entry_ids in found.items() if entry_ids}


class _Seen:
    """When and where a person was seen."""

    def __init__(self, tracks: Iterable[TrackRecord]) -> None:
        self.track_ids: set[bytes] = set()
        self._boxes: dict[tuple[bytes, bytes], list[npt.NDArray[np.float32]]] = {}
        for track in tracks:
            self.track_ids.add(track.track_id.encode())
            for observation in track.observations:
                at = (track.source_id.encode(), str(int(observation["frame"])).encode())
                self._boxes.setdefault(at, []).append(observation["box_xyxy"])

    def holds(self, raw: dict[bytes, bytes]) -> bool:
        """Whether an entry of the log of all faces, which may name no track, shows the person."""
        boxes = self._boxes.get((raw.get(b"source_id", b""), raw.get(b"frame", b"")))
        written = raw.get(b"box_xyxy", b"")
        if not boxes or len(written) != 16:
            return False
        box = np.frombuffer(written, "<f4").astype(np.float32)
        return bool(iou_matrix(box[None], np.stack(boxes)).max() >= _SAME_FACE_IOU)
