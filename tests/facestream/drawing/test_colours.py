from __future__ import annotations

import itertools

import numpy as np
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from facestream.drawing.colours import ALONE, NOBODY, PALETTE, ClusterColours


def test_no_two_colours_look_alike() -> None:
    lab = [rgb2lab(np.array(to_rgb(colour))) for colour in (*PALETTE, NOBODY, ALONE, "white")]
    nearest = min(float(deltaE_ciede2000(a, b)) for a, b in itertools.combinations(lab, 2))
    # 2 is just seen side by side.
    assert nearest > 10


def clusters_on_a_grid(side: int) -> ClusterColours:
    """Two items for each cluster, at the crossings of a grid."""
    points = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
    labels = np.arange(len(points))
    return ClusterColours(
        np.tile(labels, 2), np.arange(2 * len(labels)), np.tile(points, (2, 1)).astype(float)
    )


def test_the_largest_clusters_have_a_colour_each() -> None:
    colours = clusters_on_a_grid(10)
    assert [colours.of_cluster(k) for k in range(len(PALETTE))] == list(PALETTE)


def test_neighbours_have_different_colours() -> None:
    side = 12
    colours = clusters_on_a_grid(side)
    grid = np.array([colours.of_cluster(k) for k in range(side * side)]).reshape(side, side)
    assert (grid[1:] != grid[:-1]).all()
    assert (grid[:, 1:] != grid[:, :-1]).all()


def test_among_many_clusters_those_of_one_item_share_a_colour() -> None:
    labels = np.concatenate([np.repeat(np.arange(18), 2), [18, 19, -1]])
    colours = ClusterColours(labels, np.arange(len(labels)), np.zeros((len(labels), 2)))
    assert colours.alone == 2
    assert [colours.of_item(item) for item in (36, 37, 38)] == [ALONE, ALONE, NOBODY]
    assert colours.of_cluster(17) in PALETTE


def test_among_few_clusters_each_has_its_own_colour() -> None:
    labels = np.arange(5)
    colours = ClusterColours(labels, labels, np.zeros((5, 2)))
    assert len({colours.of_cluster(k) for k in range(5)}) == 5
    assert colours.alone == 0


def test_a_cluster_that_is_not_on_the_plane_has_a_colour_too() -> None:
    labels = np.repeat(np.arange(20), 2)
    colours = ClusterColours(labels, np.arange(36), np.random.default_rng(0).normal(size=(36, 2)))
    assert colours.of_cluster(19) in PALETTE
