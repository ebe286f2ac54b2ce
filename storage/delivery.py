"""Entries of the stream between face workers and the cluster worker, and what becomes of them on the way."""

from __future__ import annotations

from dataclasses import dataclass

from storage.data_keys import NO_DATA_KEYS, DataKeys
from storage.errors import RecordError
from storage.fields import Raw
from storage.requests import (
    DecisionRequest,
    EraseRequest,
    ForgetRequest,
    LookAgainRequest,
    ReclusterRequest,
    Request,
    RetryRequest,
)
from storage.sample_record import FaceSample
from storage.source_record import SegmentDone
from storage.track_record import TrackRecord

Entry = FaceSample | TrackRecord | SegmentDone | Request

_KINDS: dict[bytes, type[Entry]] = {
    b"sample": FaceSample,
    b"track": TrackRecord,
    b"segment": SegmentDone,
    b"recluster": ReclusterRequest,
    b"forget": ForgetRequest,
    b"erase": EraseRequest,
    b"look_again": LookAgainRequest,
    b"decision": DecisionRequest,
    b"retry": RetryRequest,
}
_NAMES: dict[type, str] = {kind: name.decode() for name, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """One entry of the stream.

    Attributes:
        entry_id: Its id in the stream.
        entry: What it says, or None where it can't be read.
        raw: Its fields as they came.
        problem: Why it can't be read, or empty.
        dead_id: Id in the dead-letter stream of what is tried again; the other fields are of that. Else
            empty.
        again: Whether somebody had it before, or failed to take it in: it is to be taken in alone.
    """

    entry_id: bytes
    entry: Entry | None
    raw: Raw
    problem: str = ""
    dead_id: bytes = b""
    again: bool = False


def type_of(entry: Entry) -> str:
    """What the field `type` says of an entry."""
    return _NAMES[type(entry)]


def delivery_of(entry_id: bytes, raw: Raw, data_keys: DataKeys = NO_DATA_KEYS) -> Delivery:
    """What an entry says, or why it can't be read.

    Args:
        entry_id: Its id.
        raw: Its fields as they came.
        data_keys: What opens vector and picture, where they are sealed.

    Raises:
        DataKeyError: If the key for that is not here.
    """
    kind = _KINDS.get(raw.get(b"type", b""))
    if kind is None:
        return Delivery(entry_id, None, raw, f"unknown type {raw.get(b'type', b'')[:40]!r}")
    try:
        if kind is FaceSample:
            return Delivery(entry_id, FaceSample.decode(raw, data_keys), raw)
        return Delivery(entry_id, kind.decode(raw), raw)
    except RecordError as error:
        return Delivery(entry_id, None, raw, str(error))
