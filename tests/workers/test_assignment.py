from __future__ import annotations

import subprocess
import sys

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import linear_sum_assignment

from workers.assignment import assign

GAINS = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.sampled_from([0.0, -1.0, 0.25]) | st.floats(0, 2, width=32),
)


@given(GAINS)
def test_nobody_gains_more_together(gain: npt.NDArray[np.float64]) -> None:
    pairs = assign(gain)

    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    assert sorted(set(rows)) == list(rows)
    assert len(set(columns)) == len(columns)
    assert all(gain[pair] > 0 for pair in pairs)
    positive = np.maximum(gain, 0)
    best = positive[linear_sum_assignment(positive, maximize=True)].sum()
    assert np.isclose(sum(gain[pair] for pair in pairs), best)


def test_a_pair_gives_way_to_two_that_gain_more() -> None:
    assert assign(np.array([[1.0, 0.9], [0.9, 0.0]], np.float32)) == [(0, 1), (1, 0)]


def test_one_among_many_takes_what_gains_most() -> None:
    assert assign(np.array([[0.2, 0.7, 0.5]])) == [(0, 1)]


def test_whoever_is_left_over_has_nobody() -> None:
    assert assign(np.array([[0.2], [0.7], [0.0]])) == [(1, 0)]
    assert assign(np.zeros((3, 2))) == []


def test_a_worker_begins_without_what_takes_longest_to_load() -> None:
    slow = {"scipy", "onnx", "joblib", "hdbscan", "sklearn"}
    code = (
        "import sys, facestream.recorded.run, facestream.commands.watch, workers.live_worker; "
        "from facestream.clusters.cluster_wiring import make_clusterer; "
        "from facestream.wiring import make_calibration; "
        "make_clusterer('average', *make_calibration('open', None)); "
        f"sys.exit(' '.join({slow} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
