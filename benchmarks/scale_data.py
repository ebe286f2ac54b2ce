"""Synthetic embeddings of tracks, as many as wanted, as alike as those of real faces are.

    python benchmarks/scale_data.py 20000 [--seed 0]

prints how alike they came out. Tracks of one person have a cosine of about 0.65 +- 0.12, those of two people
about 0.02 +- 0.06 with a fat tail towards alike: people come in kinds (age, sex, origin) of which the members
are more alike than others, and some have a look-alike. How many tracks a person has follows a power law. One
track in twenty is an outlier: a person seen once, or what no face is in at all.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from benchmark_script import run_script

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

NOBODY = -1

_OUTLIERS = 0.05
# Exponent of the power law of the tracks per person, and the most that one of them has of all.
_TAIL = 1.9
_LARGEST_SHARE = 1 / 50
# Cosine of a track to its person: mean and spread give the genuine cosines their own.
_TRUE, _TRUE_SPREAD = 0.802, 0.107
# Squared share of what all faces have in common, and of what those of a kind have.
_COMMON, _KIND = 0.022, 0.15
_KINDS = 24
_LOOK_ALIKES = 0.04
_LOOK_ALIKE_COSINE = 0.72
# Vectors that show no face are alike: blur looks like blur.
_BLUR = 0.25
# Eigenvalues fall by this power of their number, as those of real embeddings do.
_SPECTRUM = 0.42


@dataclass(frozen=True, slots=True, eq=False)
class ScaleData:
    """Tracks in random order.

    Attributes:
        vectors: float32 (N, D), L2-normalised.
        people: intp (N,), person of each; `NOBODY` where no face is in.
    """

    vectors: FloatArray
    people: IntArray


def generate(tracks: int, seed: int = 0, dimension: int = 512) -> ScaleData:
    """Embeddings of tracks; same arguments, same values.

    Args:
        tracks: How many, N.
        seed: Of all that is random.
        dimension: Of a vector, D.
    """
    random = np.random.default_rng(seed)
    outliers = round(tracks * _OUTLIERS)
    blurred = outliers // 2
    sizes = np.concatenate(
        [_sizes(random, tracks - outliers), np.ones(outliers - blurred, np.intp)], dtype=np.intp
    )
    spectrum = np.arange(1, dimension + 1, dtype=np.float32) ** (-_SPECTRUM / 2)
    common = _unit(random.normal(size=(1, dimension)).astype(np.float32))
    kinds = _directions(random, _KINDS, spectrum)
    centres = _unit(
        np.sqrt(_COMMON) * common
        + np.sqrt(_KIND) * kinds[random.integers(_KINDS, size=len(sizes))]
        + np.sqrt(1 - _COMMON - _KIND) * _directions(random, len(sizes), spectrum)
    )
    pairs = random.permutation(len(sizes))[: 2 * round(len(sizes) * _LOOK_ALIKES / 2)].reshape(-1, 2)
    centres[pairs[:, 1]] = _unit(
        _LOOK_ALIKE_COSINE * centres[pairs[:, 0]]
        + np.sqrt(1 - _LOOK_ALIKE_COSINE**2) * _directions(random, len(pairs), spectrum)
    )
    people = np.repeat(np.arange(len(sizes)), sizes)
    true = np.clip(random.normal(_TRUE, _TRUE_SPREAD, len(people)), 0.3, 0.98).astype(np.float32)[:, None]
    vectors = np.empty((tracks, dimension), np.float32)
    vectors[: len(people)] = true * centres[people]
    vectors[: len(people)] += np.sqrt(1 - true**2) * _directions(random, len(people), spectrum)
    vectors[len(people) :] = np.sqrt(_BLUR) * _directions(random, 1, spectrum)
    vectors[len(people) :] += np.sqrt(1 - _BLUR) * _directions(random, blurred, spectrum)
    order = random.permutation(tracks)
    labels = np.concatenate([people, np.full(blurred, NOBODY)])
    return ScaleData(_unit(vectors)[order], labels[order].astype(np.intp))


def _sizes(random: np.random.Generator, tracks: int) -> IntArray:
    """Tracks of each person, two at least, as many in all as asked for."""
    largest = max(round(tracks * _LARGEST_SHARE), 2)
    drawn = np.minimum(2 * random.random(tracks) ** (-1 / (_TAIL - 1)), largest).astype(np.intp)
    people = int(np.searchsorted(np.cumsum(drawn), tracks)) + 1
    sizes = drawn[:people]
    sizes[-1] -= int(sizes.sum()) - tracks
    return np.asarray(sizes[sizes > 0], np.intp)


def _directions(random: np.random.Generator, count: int, spectrum: FloatArray) -> FloatArray:
    """Unit vectors (count, D) of the spectrum."""
    return _unit(random.standard_normal((count, len(spectrum)), np.float32) * spectrum)


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def likeness(data: ScaleData, most: int = 4000) -> dict[str, float]:
    """How alike tracks of one person and of two are, among the first so many."""
    vectors, people = data.vectors[:most], data.people[:most]
    similarity = vectors @ vectors.T
    upper = np.triu(np.ones_like(similarity, np.bool_), 1)
    same = (people[:, None] == people[None]) & (people >= 0)[:, None]
    genuine, impostor = similarity[upper & same], similarity[upper & ~same]
    return {
        "people": len(np.unique(data.people[data.people >= 0])),
        "largest": int(np.bincount(data.people[data.people >= 0]).max()),
        "genuine_mean": round(float(genuine.mean()), 3),
        "genuine_spread": round(float(genuine.std()), 3),
        "impostor_mean": round(float(impostor.mean()), 3),
        "impostor_spread": round(float(impostor.std()), 3),
        "impostor_1_in_1000": round(float(np.quantile(impostor, 0.999)), 3),
        "impostor_1_in_100000": round(float(np.quantile(impostor, 0.99999)), 3),
    }


def main() -> None:
    """Generate and print how alike."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tracks", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(json.dumps(likeness(generate(args.tracks, args.seed)), indent=2))


if __name__ == "__main__":
    run_script(main)
