from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.clustering.search import sureness
from workers.clustering.shortlist import SURENESS_ERROR, likely_first, that_matter
from workers.clustering.template_codes import TemplateCodes
from workers.models.calibration import normalised

quick = settings(max_examples=80, deadline=None)
seeds = st.integers(0, 2**32 - 1)


@quick
@given(seeds, st.integers(1, 200), st.integers(1, 12), st.floats(0, 2))
def test_whoever_is_among_the_first_is_on_the_list(seed: int, count: int, most: int, error: float) -> None:
    random = np.random.default_rng(seed)
    exact = random.normal(0, 3, count)
    rough = exact + random.uniform(-error, error, count)
    found = likely_first(rough, lambda: exact, most, error)
    assert set(np.argsort(-exact)[:most].tolist()) <= set(found.tolist())


def test_of_very_many_who_are_tied_at_the_limit_those_of_the_highest_similarity_are_on_the_list() -> None:
    values, similarity = np.full(5000, -20.0), np.random.default_rng(1).random(5000)
    values[7] = 3.0
    found = likely_first(values, lambda: similarity, 10, 0.5)
    assert len(found) < 2000
    assert {7, *np.argsort(-similarity)[:9].tolist()} <= set(found.tolist())


@quick
@given(seeds, st.integers(1, 2000), st.floats(-12, 12), st.sampled_from([0.0, 0.05, 0.7, 3.0]))
def test_sureness_is_as_good_as_promised_where_those_who_matter_are_exact(
    seed: int, count: int, best: float, error: float
) -> None:
    random = np.random.default_rng(seed)
    exact = random.normal(-6, 4, count)
    exact[0] = best
    # As wrong as can be: all of them up, or all down, or at random.
    off = random.choice([-1.0, 1.0, 0.0]) or random.uniform(-1, 1, count)
    rough = exact + error * off
    matter = that_matter(rough, error)
    # Whose sureness is asked for is exact anyway.
    matter[0] = True
    mixed = np.where(matter, exact, rough)
    assert sureness(mixed)[0] == pytest.approx(sureness(exact)[0], abs=SURENESS_ERROR * 1.05)


@quick
@given(seeds, st.integers(1, 30), st.integers(1, 9), st.floats(0, 3), st.sampled_from([4, 16, 128]))
def test_products_of_bytes_are_off_by_no_more_than_is_said(
    seed: int, count: int, asked: int, own: float, dimension: int
) -> None:
    random = np.random.default_rng(seed)
    mean = random.normal(size=dimension).astype(np.float32) * np.float32(random.choice([0.0, 0.3]))
    vectors = normalised((mean + own * random.normal(size=(count, dimension)) + 1e-3).astype(np.float32))
    codes = TemplateCodes(mean)
    codes.put(np.arange(count), count, vectors)
    queries = normalised((mean + own * random.normal(size=(asked, dimension)) + 1e-3).astype(np.float32))
    faces = codes.faces(queries)
    off = np.abs(codes.similarities(faces, slice(None)) - queries @ vectors.astype(float).T)
    assert off.shape == (asked, count)
    assert (off.max(axis=1) <= codes.errors(faces)).all()


def test_a_template_that_is_the_mean_face_can_be_compared() -> None:
    mean = np.array([0.6, 0.8], np.float32)
    codes = TemplateCodes(mean)
    codes.put(np.arange(1), 1, mean[None])
    assert codes.similarities(codes.faces(mean[None]), slice(None)) == pytest.approx(np.ones((1, 1)))
    assert codes.similarities(codes.faces(np.stack([mean, mean])), slice(None)) == pytest.approx(
        np.ones((2, 1))
    )
