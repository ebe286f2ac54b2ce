import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import a_camera, as_stored, counts, texts, times_s

from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.errors import RecordError, SealError
from storage.sealed_camera import SealedCamera
from storage.sealing import Seal

ZONE = ((0.0, 0.25), (1.0, 0.0), (1 / 3, 1.0))
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
cameras = st.builds(
    CameraRecord,
    names,
    sealed_url=texts,
    shown_url=texts,
    sealed_sub_url=texts,
    shown_sub_url=texts,
    fps=st.floats(0, 25, exclude_min=True),
    min_face_px=st.none() | st.floats(12, 10_000),
    zones=st.sampled_from([(), (ZONE,), (ZONE, ZONE)]),
    masks=st.sampled_from([(), (ZONE,)]),
    transport=st.sampled_from(["auto", "tcp", "udp"]),
    hwaccel=st.sampled_from(["none", "auto", "cuda"]),
    keyframes_only=st.booleans(),
    remote=st.booleans(),
    paused=st.booleans(),
    created_at_s=st.floats(0, 4e9).map(lambda t: round(t, 3)),
)
rates = st.floats(0, 1e5).map(lambda value: round(value, 3))
statuses = st.builds(
    CameraStatus,
    names,
    worker=texts,
    state=st.sampled_from(["connecting", "backing_off"]),
    since_s=times_s.map(lambda t: round(t, 3)),
    last_error=texts,
    fps_in=rates,
    fps_done=rates,
    delay_s=st.none() | rates,
    faces=counts,
    received=counts,
    taken=counts,
    done=counts,
    dropped=counts,
    corrupt=counts,
    connects=counts,
    width_px=counts,
    height_px=counts,
    codec=texts,
    main_state=st.sampled_from(["", "streaming"]),
    main_error=texts,
    main_width_px=counts,
    main_height_px=counts,
    paired=counts,
    at_s=times_s.map(lambda t: round(t, 3)),
)


@given(cameras)
def test_a_camera_is_read_as_it_was_written(camera: CameraRecord) -> None:
    assert CameraRecord.decode(as_stored(camera.encode())) == camera


@given(statuses)
def test_a_status_is_read_as_it_was_written(status: CameraStatus) -> None:
    assert CameraStatus.decode(as_stored(status.encode())) == status


def test_every_field_is_written() -> None:
    for record in (a_camera(), CameraStatus("door", "host", "streaming", 1.0)):
        assert list(record.encode()) == [field.name for field in dataclasses.fields(record)]


def test_every_change_gives_another_revision() -> None:
    camera = a_camera()
    changed = camera.changed(fps=2.0)
    assert (changed.fps, changed.name) == (2.0, "door")
    assert len({camera.revision, changed.revision, camera.changed(fps=2.0).revision, ""}) == 4


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": "a/b"}, "can't be called 'a/b'"),
        ({"fps": 0.0}, "fps is 0"),
        ({"fps": 25.1}, "at most 25"),
        ({"fps": float("nan")}, "fps is nan"),
        ({"min_face_px": 0}, "min_face_px is 0; it is 12 to 10000"),
        ({"zones": (ZONE, ZONE[:2])}, "zone 2 is no area: it has 2 points"),
        ({"masks": (((0.0, 0.0), (2.0, 0.0), (1.0, 1.0)),)}, "mask 1 is no area: the point 2,0 lies outside"),
        ({"zones": (ZONE,) * 33}, "33 zones"),
    ],
)
def test_what_no_camera_can_have_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        a_camera(**({"name": "door"} | settings))


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("fps", b"fast", "fps"),
        ("fps", b"99", ""),
        ("zones", b"[[1]]", "zones"),
        ("zones", b"[[[0,0],[1,0],[5,5]]]", ""),
        ("masks", b"{", "masks"),
        ("paused", b"yes", "paused"),
        ("sealed_url", None, "sealed_url"),
        ("name", b"a/b", ""),
    ],
)
def test_a_damaged_record_is_told_by_its_field(field: str, value: bytes | None, named: str) -> None:
    raw = as_stored(a_camera().encode())
    raw.pop(field.encode()) if value is None else raw.update({field.encode(): value})
    with pytest.raises(RecordError) as caught:
        CameraRecord.decode(raw)
    assert caught.value.field == named


def test_neither_a_url_nor_what_it_was_sealed_to_shows() -> None:
    assert "sealed" not in repr(a_camera(sealed_sub_url="1:sealed"))


def test_urls_open_for_their_camera_and_collection_only() -> None:
    seal = Seal(bytes(32))
    here, there = SealedCamera(seal, "default"), SealedCamera(seal, "copy")
    url, sub = "rtsp://user:S3cret@host/main", "rtsp://user:S3cret@host/sub"
    camera = a_camera(sealed_url=here.sealed("door", url), sealed_sub_url=here.sealed("door", sub, sub=True))
    assert (here.url(camera), here.sub_url(camera)) == (url, sub)
    moved = [
        (there, camera),
        (here, dataclasses.replace(camera, name="garden")),
        (here, dataclasses.replace(camera, sealed_url=camera.sealed_sub_url)),
    ]
    for sealed, record in moved:
        with pytest.raises(SealError):
            sealed.url(record)
    taken = there.taken_over(camera, here)
    assert (there.url(taken), there.sub_url(taken)) == (url, sub)


def test_a_camera_without_a_smaller_picture_has_no_url_of_one() -> None:
    here = SealedCamera(Seal(bytes(32)), "default")
    assert here.sealed("door", "", sub=True) == ""
    assert here.sub_url(a_camera()) == ""
