"""Looks through streams for what tells of people who are to be forgotten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import numpy as np

from storage.collection_reader import CollectionReader
from storage.commands import Hash
from storage.entry_id import order
from storage.track_record import TrackRecord
from workers.tracking.boxes import iou_matrix

# A face of the log that lies so well on one of the person's is theirs.
_SAME_FACE_IOU = 0.5
_LONGEST_FRAME_DIGITS = 18


class TraceSearch:
    """Entries of streams that tell of some tracks and people, found some at a time.

    A stream of half a million entries takes seconds to read, in which nothing else is done.

    Args:
        store: The collection.
        identity_ids: The people, by all of their ids.
        track_ids: The tracks.
        tracks: Those of them that can be read.
        streams: Keys of the streams to look at, where that is not all of them.
    """

    def __init__(
        self,
        store: CollectionReader,
        identity_ids: Collection[str],
        track_ids: Collection[str],
        tracks: Iterable[TrackRecord],
        streams: Collection[str] | None = None,
    ) -> None:
        keys = store.keys
        self._store = store
        self._people = {identity_id.encode() for identity_id in identity_ids}
        self._track_ids = {track_id.encode() for track_id in track_ids}
        self._tracks = _Faces(tracks)
        if streams is None:
            streams = (keys.changes, keys.faces, keys.samples, keys.dead)
        if not self._track_ids:
            # Nothing else tells of people without their tracks.
            streams = [key for key in streams if key == keys.changes]
        # Up to which entry each was read.
        self._read: dict[str, bytes] = dict.fromkeys(streams, b"")
        self._ended: set[str] = set()
        # What tells of a person or a track, by the stream and their id.
        self._found: dict[tuple[str, bytes], list[bytes]] = {}

    def holds(self, track_id: str) -> bool:
        """Whether what tells of a track is looked for."""
        return track_id.encode() in self._track_ids

    def knows(
        self, identity_ids: Collection[str], track_ids: Collection[str], tracks: Collection[TrackRecord]
    ) -> bool:
        """Whether what tells of all of some people and tracks, as they are by now, is looked for.

        Args:
            identity_ids: The people, by all of their ids.
            track_ids: The tracks.
            tracks: Those of them that can be read.
        """
        return (
            {identity_id.encode() for identity_id in identity_ids} <= self._people
            and all(map(self.holds, track_ids))
            and all(self._tracks.has(track) for track in tracks)
        )

    def advance(self, most: int) -> bool:
        """Read so many entries more at most; returns whether all were read that there were."""
        for key in self._read.keys() - self._ended:
            most -= self._read_some(key, most)
            if most <= 0:
                return False
            self._ended.add(key)
        return True

    def found(self, identity_ids: Collection[str], track_ids: Collection[str]) -> dict[str, list[bytes]]:
        """What tells of some of the people or of some of the tracks; what came meanwhile is read first.

        Returns:
            Ids of the entries by key of the stream, without streams that hold none.
        """
        ids = [each.encode() for each in (*identity_ids, *track_ids)]
        result = {}
        for key in self._read:
            self._read_some(key)
            if entries := {entry for each in ids for entry in self._found.get((key, each), ())}:
                result[key] = sorted(entries, key=order)
        return result

    def _read_some(self, key: str, most: int | None = None) -> int:
        """Read on in a stream; returns how many entries."""
        number = 0
        for entry_id, raw in self._store.stream(key, self._read[key]):
            self._read[key] = entry_id
            for each in self._told_of(key, raw):
                self._found.setdefault((key, each), []).append(entry_id)
            number += 1
            if number == most:
                break
        return number

    def _told_of(self, key: str, raw: Hash) -> Iterator[bytes]:
        track_id = raw.get(b"track_id", b"")
        if track_id in self._track_ids:
            yield track_id
        if key == self._store.keys.changes:
            yield from {raw.get(b"identity_id", b""), raw.get(b"other_id", b"")} & self._people
        elif key == self._store.keys.faces:
            yield from self._tracks.shown_in(raw)


class _Faces:
    """When and where tracks were seen.

    Args:
        tracks: The tracks.
    """

    def __init__(self, tracks: Iterable[TrackRecord]) -> None:
        self._lengths: dict[str, int] = {}
        self._track_ids: list[bytes] = []
        frames: dict[bytes, list[np.ndarray]] = {}
        boxes: dict[bytes, list[np.ndarray]] = {}
        owners: dict[bytes, list[np.ndarray]] = {}
        for number, track in enumerate(tracks):
            self._lengths[track.track_id] = len(track.observations)
            self._track_ids.append(track.track_id.encode())
            source_id = track.source_id.encode()
            frames.setdefault(source_id, []).append(track.observations["frame"])
            boxes.setdefault(source_id, []).append(track.observations["box_xyxy"])
            owners.setdefault(source_id, []).append(np.full(len(track.observations), number, np.int32))
        # By source: frames in order, and the boxes and tracks that belong to them.
        self._seen: dict[bytes, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for source_id, parts in frames.items():
            at = np.concatenate(parts)
            order = np.argsort(at, kind="stable")
            rows = np.concatenate(boxes[source_id])[order], np.concatenate(owners[source_id])[order]
            self._seen[source_id] = at[order], *rows

    def has(self, track: TrackRecord) -> bool:
        """Whether a track is one of these, and has not grown since."""
        return self._lengths.get(track.track_id) == len(track.observations)

    def shown_in(self, raw: Hash) -> Iterator[bytes]:
        """Tracks whose face is shown by an entry of the log of all faces, which may name no track."""
        seen = self._seen.get(raw.get(b"source_id", b""))
        frame, written = raw.get(b"frame", b""), raw.get(b"box_xyxy", b"")
        is_frame = frame.isdigit() and len(frame) <= _LONGEST_FRAME_DIGITS
        if seen is None or not is_frame or len(written) != 16:
            return
        frames, boxes, owners = seen
        at = np.uint64(int(frame))
        first, last = np.searchsorted(frames, at, "left"), np.searchsorted(frames, at, "right")
        if first == last:
            return
        box = np.frombuffer(written, "<f4").astype(np.float32)
        same = iou_matrix(box[None], boxes[first:last])[0] >= _SAME_FACE_IOU
        for owner in owners[first:last][same]:
            yield self._track_ids[owner]
