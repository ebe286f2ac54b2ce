"""Compare the classic clustering algorithms on one album.

    python examples/compare_algorithms.py [FOLDER]

FOLDER holds NAME/*.jpg; the largest face of a photo is that of NAME, others are left out. Without FOLDER, an
album is made first. Every algorithm goes by what facestream chooses for it: nobody says how many people there
are.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from make_album import make_album

import facestream
from workers.clustering.metrics import agreement, with_unassigned

METHODS: tuple[facestream.ClusterOptions, ...] = (
    {"algorithm": "dbscan"},
    {"algorithm": "hdbscan"},
    {"algorithm": "kmeans"},
    {"algorithm": "kmedoids"},
    {"algorithm": "agglomerative", "linkage": "single"},
    {"algorithm": "agglomerative", "linkage": "average"},
    {"algorithm": "agglomerative", "linkage": "complete"},
    {"algorithm": "agglomerative", "linkage": "ward"},
    {"algorithm": "agglomerative", "linkage": "centroid"},
)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=Path, nargs="?")
args = parser.parse_args()

with facestream.errors_shown():
    # The photos are looked at once, and then clustered again and again.
    with tempfile.TemporaryDirectory() as temporary:
        album = facestream.cluster(args.folder or make_album(Path(temporary) / "album"))
    photos = [faces[0].source for faces in album.faces.faces]
    # Inside a photo the largest face comes first: it is written last here.
    largest = {photo: row for row, photo in reversed([*enumerate(photos)])}
    labelled = sorted(largest.values())
    people = [Path(photos[row]).parent.name for row in labelled]
    print(f"{len(people)} faces of {len(set(people))} people\n")
    print("algorithm                clusters  nobody  BCubed P      R      F  adj. Rand    NMI  silhouette")

    for options in METHODS:
        found = album.again(**options)
        clusters = [label if label >= 0 else None for label in found.labels.tolist()]
        # A face that was given to nobody counts as a person of its own.
        agreed = agreement(*with_unassigned(people, [clusters[row] for row in labelled]))
        bcubed, adjusted_rand = agreed.bcubed, agreed.adjusted_rand_index
        width, clustered = found.separation.silhouette, found.grouping
        print(
            f"{' '.join(map(str, options.values())):24} {clustered.clusters:8}  {clustered.nobody:6}     "
            f"{bcubed.precision:.3f}  {bcubed.recall:.3f}  {bcubed.f():.3f}      {adjusted_rand:.3f}  "
            f"{agreed.normalised_mutual_information:.3f}  {'-' if width is None else f'{width:10.3f}':>10}"
        )
