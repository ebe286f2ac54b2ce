from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.errors import ManifestError
from workers.models.calibration import Calibration, normalised
from workers.models.pack import Pack

Array = npt.NDArray[np.float32]

ARRAYS = ("sizes_px", "mean", "genuine", "impostor", "spread")
quick = settings(max_examples=60, deadline=None)


def calibration(sizes: tuple[float, ...] = (16, 32, 64), dimension: int = 4, seed: int = 0) -> Calibration:
    random = np.random.default_rng(seed)
    count = len(sizes)

    def square(low: float, high: float) -> Array:
        return random.uniform(low, high, (count, count)).astype(np.float32)

    return Calibration(
        np.array(sizes, np.float32),
        random.normal(0, 0.1, (count, dimension)).astype(np.float32),
        square(0.7, 0.9),
        square(0.0, 0.3),
        square(0.05, 0.1),
    )


@st.composite
def size_lists(draw: st.DrawFn) -> tuple[float, ...]:
    return tuple(sorted(draw(st.sets(st.integers(5, 400), min_size=1, max_size=8))))


def arrays_of(one: Calibration) -> dict[str, Array]:
    return {name: getattr(one, name) for name in ARRAYS}


# Shapes and values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"sizes_px": np.zeros(0, np.float32)}, id="no-size"),
        pytest.param({"sizes_px": np.ones((3, 1), np.float32)}, id="sizes-in-two-dimensions"),
        pytest.param({"mean": np.zeros((2, 4), np.float32)}, id="too-few-means"),
        pytest.param({"mean": np.zeros(3, np.float32)}, id="means-in-one-dimension"),
        pytest.param({"genuine": np.ones((3, 2), np.float32)}, id="genuine"),
        pytest.param({"impostor": np.ones((2, 3), np.float32)}, id="impostor"),
        pytest.param({"spread": np.ones(9, np.float32)}, id="spread"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(changes: dict[str, Array]) -> None:
    with pytest.raises(ValueError, match=r"calibration arrays for \d sizes have shapes"):
        replace(calibration(), **changes)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(name: str, bad: float) -> None:
    array = getattr(calibration(), name).copy()
    array.flat[-1] = bad
    with pytest.raises(ValueError, match="not finite"):
        replace(calibration(), **{name: array})


@pytest.mark.parametrize("sizes", [(0, 32, 64), (-1, 32, 64), (64, 32, 16), (16, 16, 32)])
def test_sizes_must_be_positive_and_ascending(sizes: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must be positive and ascending"):
        calibration(sizes)


@pytest.mark.parametrize("bad", [0.0, -0.1])
def test_a_spread_must_be_positive(bad: float) -> None:
    spread = calibration().spread.copy()
    spread[1, 2] = bad
    with pytest.raises(ValueError, match="spread must be positive"):
        replace(calibration(), spread=spread)


@pytest.mark.parametrize("bad", [-0.01, np.inf, np.nan])
def test_a_rise_of_videos_is_a_number_from_0(bad: float) -> None:
    with pytest.raises(ValueError, match="video_rise"):
        replace(calibration(), video_rise=bad)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf, np.nan])
def test_what_two_faces_count_at_most_is_a_number_above_0(bad: float) -> None:
    with pytest.raises(ValueError, match="limit"):
        replace(calibration(), limit=bad)


def test_the_calibration_of_the_default_pack_fits_its_embedder(open_pack: Pack) -> None:
    known = open_pack.calibration
    assert known.mean.shape == (len(known.sizes_px), open_pack.embedder.dimension)
    # Blur is likeness: impostors of small faces are more alike, and genuine pairs always more than those.
    assert (known.genuine > known.impostor).all()
    assert known.impostor[0, 0] > known.impostor[-1, -1]


# Files ----------------------------------------------------------------------------------------------------


@quick
@given(size_lists(), st.integers(1, 6), st.integers(0, 99))
def test_what_was_saved_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, sizes: tuple[float, ...], dimension: int, seed: int
) -> None:
    path = tmp_path_factory.mktemp("saved") / "calibration.npz"
    known = calibration(sizes, dimension, seed)
    known.save(path)
    loaded = arrays_of(Calibration.load(path))
    for name, array in arrays_of(known).items():
        assert loaded[name].dtype == np.float32
        assert loaded[name].shape == array.shape
        assert (loaded[name] == array).all()


def saved(path: Path) -> bytes:
    calibration().save(path)
    return path.read_bytes()


def without_a_byte_of_sense(path: Path) -> None:
    path.write_bytes(b"nothing of use")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut_off(path: Path) -> None:
    path.write_bytes(saved(path)[:-100])


def damaged_inside(path: Path) -> None:
    data = bytearray(saved(path))
    for at in range(60, 160):
        data[at] ^= 0xFF
    path.write_bytes(data)


def one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.ones(3))


def without_spread(path: Path) -> None:
    known = arrays_of(calibration())
    del known["spread"]
    np.savez_compressed(path, **known)  # type: ignore[arg-type]


def with_objects(path: Path) -> None:
    known = arrays_of(calibration())
    np.savez_compressed(path, **{**known, "mean": np.array([object()])})  # type: ignore[arg-type]


def with_words(path: Path) -> None:
    known = arrays_of(calibration())
    np.savez_compressed(path, **{**known, "mean": np.array(["a", "b"])})  # type: ignore[arg-type]


def with_a_wrong_shape(path: Path) -> None:
    known = arrays_of(calibration())
    np.savez_compressed(path, **{**known, "genuine": np.ones((2, 2))})  # type: ignore[arg-type]


def missing(path: Path) -> None:
    assert not path.exists()


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    "make",
    [
        without_a_byte_of_sense,
        empty,
        cut_off,
        damaged_inside,
        one_array,
        without_spread,
        with_objects,
        with_words,
        with_a_wrong_shape,
        missing,
        a_folder,
    ],
)
def test_a_file_that_is_no_calibration_is_refused_with_its_path(tmp_path: Path, make: object) -> None:
    path = tmp_path / "calibration.npz"
    assert callable(make)
    make(path)
    with pytest.raises(ManifestError, match="not a calibration file") as caught:
        Calibration.load(path)
    assert str(path) in str(caught.value)
    assert caught.value.path == path


# Weights of sizes -----------------------------------------------------------------------------------------


@quick
@given(size_lists(), st.lists(st.floats(0, 2000), min_size=1, max_size=10))
def test_weights_interpolate_in_the_logarithm_of_the_size(
    sizes: tuple[float, ...], wanted: list[float]
) -> None:
    weights = calibration(sizes).size_weights(wanted)
    assert weights.shape == (len(wanted), len(sizes))
    assert weights.dtype == np.float32
    assert (weights >= 0).all()
    assert weights.sum(axis=1) == pytest.approx(np.ones(len(wanted)), abs=1e-5)
    # Two neighbours at most.
    assert ((weights > 0).sum(axis=1) <= 2).all()
    limited = np.clip(wanted, sizes[0], sizes[-1])
    assert weights @ np.log(sizes) == pytest.approx(np.log(limited), abs=1e-4)


@quick
@given(size_lists())
def test_a_measured_size_counts_alone(sizes: tuple[float, ...]) -> None:
    weights = calibration(sizes).size_weights(sizes)
    assert weights == pytest.approx(np.eye(len(sizes)), abs=1e-4)


def test_halfway_in_the_logarithm_both_neighbours_count_the_same() -> None:
    weights = calibration((16, 64, 100)).size_weights([32.0])
    assert weights[0].tolist() == pytest.approx([0.5, 0.5, 0.0])


@pytest.mark.parametrize(("size", "row"), [(0.0, 0), (1.0, 0), (15.9, 0), (64.1, 2), (5000.0, 2)])
def test_beyond_the_measured_sizes_the_last_one_counts(size: float, row: int) -> None:
    assert calibration().size_weights([size])[0].tolist() == np.eye(3)[row].tolist()


def test_a_single_size_may_be_asked_for_as_a_number() -> None:
    assert calibration().size_weights(16.0).tolist() == [[1.0, 0.0, 0.0]]
    assert calibration((20,)).size_weights([5.0, 500.0]).tolist() == [[1.0], [1.0]]


# Compensation ---------------------------------------------------------------------------------------------


def vectors(count: int, dimension: int = 4, seed: int = 0) -> Array:
    return normalised(np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32))


def test_the_shift_of_the_size_is_taken_out() -> None:
    known = calibration()
    person = np.array([0.5, -0.5, 0.5, 0.5], np.float32)
    # One person at three sizes, seen through the shift that each size brings.
    seen = person - known.mean[-1] + known.mean
    found = known.compensate(seen, known.sizes_px)
    assert found == pytest.approx(np.tile(person, (3, 1)), abs=1e-6)


def test_between_two_sizes_the_shift_is_between_theirs() -> None:
    known = calibration((16, 64))
    (found,) = known.compensate(vectors(1), [32.0])
    moved = vectors(1)[0] - known.mean.mean(axis=0) + known.mean[-1]
    assert found == pytest.approx(moved / np.linalg.norm(moved), abs=1e-6)


@quick
@given(st.integers(1, 8), st.integers(0, 99), st.floats(1, 500))
def test_compensated_vectors_have_length_one(count: int, seed: int, size: float) -> None:
    found = calibration(seed=seed).compensate(vectors(count, seed=seed), [size] * count)
    assert found.shape == (count, 4)
    assert found.dtype == np.float32
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(count), abs=1e-5)


@quick
@given(st.floats(64, 1000), st.integers(0, 99))
def test_the_largest_faces_stay_where_they_are(size: float, seed: int) -> None:
    assert calibration().compensate(vectors(3, seed=seed), [size] * 3) == pytest.approx(
        vectors(3, seed=seed), abs=1e-6
    )


def test_flat_figures_hold_for_every_size_and_move_nothing() -> None:
    flat = Calibration.flat(4, genuine=0.8, impostor=0.1, spread=0.05)
    assert (flat.genuine[0, 0], flat.impostor[0, 0], flat.spread[0, 0]) == pytest.approx((0.8, 0.1, 0.05))
    assert flat.compensate(vectors(2), [5.0, 300.0]) == pytest.approx(vectors(2), abs=1e-6)


def test_flat_figures_are_checked_too() -> None:
    with pytest.raises(ValueError, match="spread must be positive"):
        Calibration.flat(4, 0.8, 0.1, 0.0)


def test_zero_rows_stay_zero_when_others_are_normalised() -> None:
    assert normalised(np.array([[3, 4], [0, 0]], np.float32)).tolist() == [
        [pytest.approx(0.6), pytest.approx(0.8)],
        [0.0, 0.0],
    ]


def test_a_file_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calibration.npz"
    calibration().save(path)
    content = bytearray(path.read_bytes())
    # The size that the directory of the zip file says of the first array.
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = ((64 << 20) + 1).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ManifestError, match="would have 67,108,865 bytes, too many"):
        Calibration.load(path)
