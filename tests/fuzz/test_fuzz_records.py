"""Whatever stands in Redis, a record is read or refused with the name of its field."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fuzzing import bad_values, fuzzed, json_texts, mutations, refusal
from hypothesis import given
from hypothesis import strategies as st
from records import a_camera, a_recluster, a_sample, a_source, a_template, a_track, a_webhook, as_stored

import storage
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_view import CameraView, ViewedFace
from storage.collection_reader import TrackFacts
from storage.data_keys import NO_DATA_KEYS, PLAIN
from storage.dead_letters import DeadEntry
from storage.decision_record import Decision, DecisionKind, Side
from storage.erasure_record import ErasureRecord
from storage.errors import RecordError
from storage.identity_record import ChangeKind, Identity, IdentityChange
from storage.job_record import Job
from storage.kept_out_record import KeptOut
from storage.recluster_record import ReclusterRecord
from storage.remote_frame import RemoteFrame, RemotePackets
from storage.requests import (
    DecisionRequest,
    EraseRequest,
    Extent,
    ForgetRequest,
    LookAgainRequest,
    ReclusterRequest,
    RetryRequest,
)
from storage.retention_policy import RetentionPolicy
from storage.sample_record import BareSample, FaceSample
from storage.sighting_record import Moment, Sighting
from storage.sighting_rows import SightingRows
from storage.source_record import SegmentDone, SourceRecord
from storage.template_record import TemplateTable
from storage.token_record import TokenRecord
from storage.track_record import TrackRecord
from storage.webhook_record import WebhookRecord, WebhookState

Fields = dict[bytes, bytes]


def fields_of(record: Any) -> Fields:
    return as_stored(record.encode())


_SAMPLE, _TRACK = fields_of(a_sample()), fields_of(a_track())
_SOURCE = a_source()
_PERSON = Identity("p1", "Ada", 1, 1, 1.0, (Sighting("v-1", 0.0, 1.0),), thumbnails=("s",))
_PACKETS = RemotePackets("h264", b"sps", (b"first", b"next"), (0,))
_FACE = ViewedFace((1.0, 2.0, 3.0, 4.0), "t", "u")

# Record: how it is read from fields, and some that are right.
OF_FIELDS: dict[type, tuple[Callable[[Mapping[bytes, bytes]], object], Fields]] = {
    BareSample: (lambda raw: BareSample.decode(raw, has_crop=True), _SAMPLE),
    CameraRecord: (CameraRecord.decode, fields_of(a_camera(zones=(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),)))),
    CameraStatus: (CameraStatus.decode, fields_of(CameraStatus("door", "w", "streaming", 1.0, delay_s=0.1))),
    CameraView: (CameraView.decode, fields_of(CameraView("f", 1.0, 64, 48, (_FACE,), b"jpeg"))),
    DeadEntry: (
        lambda raw: DeadEntry.of(b"1-1", raw),
        {b"dead_reason": b"why", b"dead_at_s": b"1", b"dead_tries": b"2", b"dead_was": b"1-0"},
    ),
    DecisionRequest: (DecisionRequest.decode, fields_of(DecisionRequest(1))),
    EraseRequest: (EraseRequest.decode, fields_of(EraseRequest(Extent.BEFORE, 1.0))),
    ErasureRecord: (ErasureRecord.decode, {**fields_of(ErasureRecord("age")), b"erased_at_s": b"1"}),
    FaceSample: (FaceSample.decode, _SAMPLE),
    ForgetRequest: (ForgetRequest.decode, fields_of(ForgetRequest("p1"))),
    Identity: (lambda raw: Identity.decode(raw, ()), {b"identity_id": b"p1", **as_stored(_PERSON.encode())}),
    IdentityChange: (IdentityChange.decode, fields_of(IdentityChange(ChangeKind.CREATED, "p1"))),
    LookAgainRequest: (LookAgainRequest.decode, fields_of(LookAgainRequest("v-1"))),
    Moment: (Moment.decode, _TRACK),
    ReclusterRecord: (ReclusterRecord.decode, fields_of(a_recluster())),
    ReclusterRequest: (ReclusterRequest.decode, fields_of(ReclusterRequest("why", "v-1"))),
    RetentionPolicy: (RetentionPolicy.decode, fields_of(RetentionPolicy(30.0, files=True))),
    RemoteFrame: (
        lambda raw: RemoteFrame.decode("c-1", raw, NO_DATA_KEYS),
        as_stored(RemoteFrame("c-1", 1, 0.2, 1.7e9, "r", 1, b"jpeg").encode(PLAIN)),
    ),
    RemotePackets: (
        lambda raw: RemoteFrame.decode("c-1", raw, NO_DATA_KEYS),
        as_stored(RemoteFrame("c-1", 1, 0.2, 1.7e9, "r", 1, packets=_PACKETS).encode(PLAIN)),
    ),
    RetryRequest: (RetryRequest.decode, fields_of(RetryRequest("1-1"))),
    SegmentDone: (SegmentDone.decode, fields_of(SegmentDone("v-1", 0.0, 1.0, track_ids=("t",)))),
    SourceRecord: (SourceRecord.decode, fields_of(_SOURCE)),
    TrackFacts: (TrackFacts.decode, _TRACK),
    TrackRecord: (TrackRecord.decode, _TRACK),
    WebhookRecord: (
        WebhookRecord.decode,
        fields_of(a_webhook(people=("p1",), cameras=("door", "hall"), live_only=True)),
    ),
    WebhookState: (WebhookState.decode, fields_of(WebhookState("1-1", 1, last_status=200))),
}
_DECISION = Decision(DecisionKind.NAME, (Side("p1", ("t",)),), name="Ada")
# The same of those that are one value.
OF_VALUES: dict[type, tuple[Callable[[bytes], object], bytes]] = {
    Decision: (
        lambda value: (Decision.decode(b"1", value), Decision.decode(value, _DECISION.encode())),
        b"1",
    ),
    Identity: (
        lambda value: Identity.decode_overview("p1", "", value),
        _PERSON.encode_overview(SightingRows(_PERSON.sightings).json()),
    ),
    Job: (Job.decode, Job("j-1", "h", "film", "path", "/film", 5.0, source_ids=("v-1",)).encode()),
    KeptOut: (lambda value: KeptOut.decode("p2 p1", value, 128), a_template()),
    Sighting: (Sighting.decode, b"v-1|0.000|1.000"),
    TemplateTable: (lambda value: TemplateTable.of({b"t": value}, {b"t": b"p1"}, 128), a_template()),
    TokenRecord: (
        lambda value: (TokenRecord.decode(b"t", value), TokenRecord.decode(value, b"{}")),
        b'{"scope":"read","sha256":"00","created_at_s":1.0}',
    ),
}


@st.composite
def damaged(draw: st.DrawFn, whole: Fields) -> Fields:
    """Fields of which some are missing, wrong, or more than there should be."""
    raw = dict(whole)
    for name in draw(st.lists(st.sampled_from(sorted(whole)), min_size=1, max_size=4, unique=True)):
        if draw(st.integers(0, 4)):
            raw[name] = draw(bad_values | mutations(whole[name]))
        else:
            del raw[name]
    if draw(st.booleans()):
        raw[draw(bad_values)] = draw(bad_values)
    return raw


def test_every_record_is_among_them() -> None:
    there = set()
    for module in pkgutil.iter_modules(storage.__path__):
        for _, found in inspect.getmembers(
            importlib.import_module(f"storage.{module.name}"), inspect.isclass
        ):
            reads = any(name in found.__dict__ for name in ("decode", "decode_overview"))
            if found.__module__.startswith("storage.") and reads:
                there.add(found)
    assert there <= OF_FIELDS.keys() | OF_VALUES.keys()


@pytest.mark.parametrize("record", OF_FIELDS, ids=lambda record: record.__name__)
def test_what_is_right_can_be_read(record: type) -> None:
    read, whole = OF_FIELDS[record]
    assert read(whole)


@pytest.mark.parametrize("record", OF_FIELDS, ids=lambda record: record.__name__)
@fuzzed
@given(data=st.data())
def test_fields_are_read_or_refused(record: type, data: st.DataObject) -> None:
    read, whole = OF_FIELDS[record]
    raw = data.draw(damaged(whole))

    def read_and_write() -> None:
        found = read(raw)
        if hasattr(found, "encode"):
            found.encode()

    assert len(refusal(read_and_write, RecordError)) < 1000


@pytest.mark.parametrize("record", OF_VALUES, ids=lambda record: record.__name__)
@fuzzed
@given(data=st.data())
def test_values_are_read_or_refused(record: type, data: st.DataObject) -> None:
    read, whole = OF_VALUES[record]
    value = data.draw(bad_values | mutations(whole) | json_texts)
    assert len(refusal(lambda: read(value), RecordError)) < 1000
