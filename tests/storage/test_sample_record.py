import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import a_sample, as_stored, face_samples

from storage.errors import RecordError
from storage.sample_record import BareSample, FaceSample

REQUIRED = (
    "sample_id", "track_id", "source_id", "frame", "media_s", "box_xyxy", "score", "size_px", "effective_px",
    "quality", "model_id", "vector", "crop_landmarks",
)  # fmt: skip


@given(face_samples())
def test_comes_back_as_it_went(sample: FaceSample) -> None:
    back = FaceSample.decode(as_stored(sample.encode()))
    for name in ("sample_id", "track_id", "source_id", "frame", "media_s", "model_id", "crop_jpeg"):
        assert getattr(back, name) == getattr(sample, name), name
    for name in ("score", "size_px", "effective_px", "quality"):
        assert getattr(back, name) == pytest.approx(getattr(sample, name), rel=1e-5), name
    np.testing.assert_array_equal(back.box_xyxy, sample.box_xyxy)
    np.testing.assert_array_equal(back.crop_landmarks, sample.crop_landmarks)


@given(face_samples())
def test_half_precision_vectors_come_back_normalised(sample: FaceSample) -> None:
    back = FaceSample.decode(as_stored(sample.encode()))
    assert back.vector.dtype == np.float32
    assert np.linalg.norm(back.vector) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(back.vector, sample.vector, atol=1e-3)


def test_a_vector_takes_two_bytes_a_number() -> None:
    vector = a_sample().encode()["vector"]
    assert isinstance(vector, bytes)
    assert len(vector) == 2 * 128


def test_times_of_numpy_are_written_as_plain_numbers() -> None:
    assert a_sample(media_s=np.float64(1.25)).encode()["media_s"] == "1.25"


def test_arrays_that_were_read_can_not_be_changed() -> None:
    back = FaceSample.decode(as_stored(a_sample().encode()))
    for array in (back.vector, back.box_xyxy, back.crop_landmarks):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_sample_without_crop_has_empty_bytes() -> None:
    raw = as_stored(a_sample().encode())
    del raw[b"crop_jpeg"]
    assert FaceSample.decode(raw).crop_jpeg == b""


@given(face_samples())
def test_a_sample_that_is_read_without_its_crop_says_the_same(sample: FaceSample) -> None:
    raw = as_stored(sample.encode())
    whole = FaceSample.decode(raw)
    bare = BareSample.decode(
        {name.encode(): raw[name.encode()] for name in BareSample.FIELDS}, has_crop=whole.has_crop
    )
    assert not hasattr(bare, "crop_jpeg")
    assert bare.has_crop == bool(sample.crop_jpeg)
    for name in BareSample.FIELDS:
        np.testing.assert_array_equal(getattr(bare, name), getattr(whole, name))


@pytest.mark.parametrize("name", REQUIRED)
def test_names_the_field_that_is_missing(name: str) -> None:
    raw = as_stored(a_sample().encode())
    del raw[name.encode()]
    with pytest.raises(RecordError, match=name) as caught:
        FaceSample.decode(raw)
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_id", b"\xff"),
        ("track_id", b"\xfe\xff"),
        ("source_id", b"\x80"),
        ("model_id", b"\xff"),
        ("frame", b"seven"),
        ("frame", b"-1"),
        ("frame", b"1.5"),
        ("frame", b""),
        ("media_s", b"nan"),
        ("media_s", b"np.float64(1.0)"),
        ("box_xyxy", b"\x00" * 15),
        ("box_xyxy", np.array([0, 0, np.nan, 1], "<f4").tobytes()),
        ("score", b"high"),
        ("size_px", b"inf"),
        ("effective_px", b"1,5"),
        ("quality", b"0"),
        ("quality", b"-0.5"),
        ("quality", b"1.5"),
        ("vector", b""),
        ("vector", b"\x00" * 256),
        ("vector", b"\x00\x3c" * 3 + b"\x00"),
        ("vector", np.array([1.0], "<f2").tobytes()),
        ("vector", np.array([1, np.inf], "<f2").tobytes()),
        ("vector", b"\x01\x7c" * 128),
        ("crop_landmarks", b"\x00" * 36),
        ("crop_landmarks", b"\x01\x00\x80\x7f" * 10),
    ],
)
def test_names_the_field_that_is_malformed(name: str, value: bytes) -> None:
    with pytest.raises(RecordError, match=name) as caught:
        FaceSample.decode({**as_stored(a_sample().encode()), name.encode(): value})
    assert caught.value.field == name


@given(st.sampled_from(REQUIRED), st.binary(max_size=600))
def test_random_bytes_in_a_field_raise_nothing_else(name: str, value: bytes) -> None:
    try:
        back = FaceSample.decode({**as_stored(a_sample().encode()), name.encode(): value})
    except RecordError as error:
        assert error.field == name  # noqa: PT017 - many values are fine
    else:
        assert np.isfinite(back.vector).all()


@given(st.dictionaries(st.sampled_from(REQUIRED).map(str.encode), st.binary(max_size=64)))
def test_random_hashes_raise_nothing_else(raw: dict[bytes, bytes]) -> None:
    with pytest.raises(RecordError):
        FaceSample.decode(raw)
