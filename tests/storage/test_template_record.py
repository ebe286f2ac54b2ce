import logging
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import unit, vectors

from storage.array_fields import FloatArray
from storage.template_record import TemplateTable, encode_template, template_dtype

DIMENSION = 16
ITEM_BYTES = 12 + 2 * DIMENSION

track_ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
people = st.integers(1, 5).map(lambda number: f"p{number}".encode())


def template(seed: int = 1, *, size_px: float = 80.0, weight: float = 1.5, photo: bool = False) -> bytes:
    return encode_template(unit(seed, DIMENSION), size_px, weight, photo=photo)


def damaged(place: int, dtype: str, value: float) -> bytes:
    """A template with another value at a byte."""
    data = bytearray(template())
    written = np.array([value], dtype).tobytes()
    data[place : place + len(written)] = written
    return bytes(data)


@given(vectors, st.floats(1, 4000, width=32), st.floats(0.125, 100, width=32), st.booleans())
def test_a_template_comes_back_within_the_precision_of_float16(
    vector: FloatArray, size_px: float, weight: float, photo: bool
) -> None:
    data = encode_template(vector, size_px, weight, photo=photo)
    assert len(data) == 12 + 2 * len(vector) == template_dtype(len(vector)).itemsize
    table = TemplateTable.of({b"t": data}, {b"t": b"p1"}, len(vector))
    assert (table.track_ids, table.identity_ids, table.owners.tolist()) == (("t",), ("p1",), [0])
    assert table.vectors.dtype == table.sizes_px.dtype == table.weights.dtype == np.float32
    assert np.abs(table.vectors[0] - vector).max() <= 2**-11
    assert (table.sizes_px.tolist(), table.weights.tolist()) == ([size_px], [weight])
    assert table.photo.tolist() == [photo]


@given(st.dictionaries(track_ids.map(str.encode), st.tuples(st.none() | people, st.integers(0, 99))))
def test_every_track_of_somebody_is_there_and_none_of_nobody(
    tracks: dict[bytes, tuple[bytes | None, int]],
) -> None:
    templates = {track_id: template(seed) for track_id, (_, seed) in tracks.items()}
    assignments = {track_id: owner for track_id, (owner, _) in tracks.items() if owner}
    table = TemplateTable.of(templates, {**assignments, b"without a template": b"p9"}, DIMENSION)
    owners = [table.identity_ids[k].encode() for k in table.owners]
    assert dict(zip([i.encode() for i in table.track_ids], owners, strict=True)) == assignments
    assert set(table.identity_ids) == {owner.decode() for owner in assignments.values()}
    assert len(set(table.identity_ids)) == len(table.identity_ids)
    for track_id, vector in zip(table.track_ids, table.vectors, strict=True):
        expected = unit(tracks[track_id.encode()][1], DIMENSION)
        assert vector == pytest.approx(expected, abs=1e-3)


def test_an_empty_owner_is_nobody() -> None:
    assert TemplateTable.of({b"t": template()}, {b"t": b""}, DIMENSION).track_ids == ()


def test_an_empty_collection_has_an_empty_table() -> None:
    table = TemplateTable.of({}, {}, DIMENSION)
    assert (table.track_ids, table.identity_ids, len(table.owners)) == ((), (), 0)
    assert table.vectors.shape == (0, DIMENSION)


@pytest.mark.parametrize(
    "data",
    [
        # Sizes that are not those of a row, facts that are none, vectors that are not finite.
        b"",
        template()[:-1],
        template() + b"\x00",
        encode_template(unit(1, 2 * DIMENSION), 80, 1, photo=False),
        damaged(0, "<f4", 0),
        damaged(0, "<f4", -3),
        damaged(0, "<f4", math.nan),
        damaged(0, "<f4", math.inf),
        damaged(4, "<f4", 0),
        damaged(4, "<f4", math.nan),
        damaged(4, "<f4", math.inf),
        damaged(12, "<f2", math.nan),
        damaged(12 + 2 * (DIMENSION - 1), "<f2", -math.inf),
        damaged(12, "<f2", math.inf)[:14] + damaged(14, "<f2", -math.inf)[14:],
    ],
    ids=range(14),
)
def test_a_damaged_row_is_left_out_with_a_warning_and_hides_no_other(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    templates = {b"a": template(1), b"b": data, b"c": template(3, photo=True)}
    assignments = {b"a": b"p1", b"b": b"p2", b"c": b"p3"}
    with caplog.at_level(logging.WARNING):
        table = TemplateTable.of(templates, assignments, DIMENSION)
    assert (table.track_ids, table.identity_ids, table.owners.tolist()) == (("a", "c"), ("p1", "p3"), [0, 1])
    assert table.photo.tolist() == [False, True]
    assert table.vectors[1] == pytest.approx(unit(3, DIMENSION), abs=1e-3)
    assert "1 templates are damaged" in caplog.text


def test_whole_rows_give_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    TemplateTable.of({b"a": template(1), b"b": template(2)}, {b"a": b"p1"}, DIMENSION)
    assert caplog.text == ""


@given(st.binary(min_size=ITEM_BYTES, max_size=ITEM_BYTES))
def test_random_bytes_give_numbers_to_calculate_with_or_nothing(data: bytes) -> None:
    table = TemplateTable.of({b"t": data}, {b"t": b"p1"}, DIMENSION)
    assert np.isfinite(table.vectors).all()
    assert (table.weights > 0).all()
    assert np.isfinite(table.weights).all()
    assert (table.sizes_px > 0).all()
    assert np.isfinite(table.sizes_px).all()
