"""facestream run --clustering: a collection keeps how its tracks are grouped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Done

from facestream.clusters.cluster_wiring import make_clusterer
from facestream.errors import UsageError
from facestream.wiring import make_calibration
from workers.clustering.density_clusterer import DensityClusterer
from workers.models.manifest import Manifest

Here = Callable[..., Done]


@pytest.mark.e2e
def test_a_run_chooses_for_itself_and_those_after_it(here: Here, media: Path) -> None:
    photos = media / "photos"
    first = here("run", photos)
    switched = here("run", "--clustering", "dbscan", photos)
    assert "People are found by dbscan from now on, no longer by average" in switched.stderr
    # The same people, under the ids that they had.
    assert switched.stdout == first.stdout
    again = here("run", photos)
    assert "from now on" not in again.stderr
    assert here("collections", "stats", "--json").json()["clustering"] == "dbscan"
    assert [done["clustering"] for done in here("stats", "--json").json()] == ["dbscan", "average"]
    # Also whoever decides goes by it.
    count = len(here("people", "--json").json())
    here("people", "merge", "p1", "p2")
    assert len(here("people", "--json").json()) == count - 1


def test_a_method_that_is_none_is_refused(here: Here, tmp_path: Path) -> None:
    told = here("run", "--clustering", "k-means", tmp_path, code=2).stderr
    assert "'k-means' is not one of 'average', 'dbscan', 'hdbscan'" in told


@pytest.mark.parametrize("method", ["dbscan", "hdbscan"])
def test_a_pack_without_thresholds_is_refused_where_they_are_needed(method: str) -> None:
    manifest, calibration = make_calibration("open")
    assert isinstance(make_clusterer(method, manifest, calibration), DensityClusterer)
    silent: Manifest = manifest.model_copy(update={"thresholds": None})
    with pytest.raises(UsageError, match=f"--clustering {method} needs .*'open' does not say.* average"):
        make_clusterer(method, silent, calibration)
    assert make_clusterer("average", silent, calibration).method == "average"


def test_a_method_of_another_version_is_named() -> None:
    with pytest.raises(UsageError, match="can't be found by 'spectral': there are average, dbscan, hdbscan"):
        make_clusterer("spectral", *make_calibration("open"))
