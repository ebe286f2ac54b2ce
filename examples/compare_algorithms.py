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
from facestream.cluster_choice import choose
from facestream.cluster_settings import ClusterSettings
from facestream.nearness import Nearness
from facestream.wiring import make_manifest
from workers.clustering.metrics import agreement, silhouette, with_unassigned

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

# The photos are looked at once; `facestream.cluster` would do it again for each algorithm.
with tempfile.TemporaryDirectory() as temporary:
    faces = facestream.cluster(args.folder or make_album(Path(temporary) / "album")).faces
photos = [face[0].source for face in faces.faces]
# Inside a photo the largest face comes first: it is written last here.
largest = {photo: row for row, photo in reversed([*enumerate(photos)])}
labelled = sorted(largest.values())
people = [Path(photos[row]).parent.name for row in labelled]
print(f"{len(people)} faces of {len(set(people))} people\n")
print("algorithm                clusters  nobody  BCubed P      R      F  adj. Rand    NMI  silhouette")

nearness = Nearness(make_manifest("open"))
for options in METHODS:
    grouping, _ = choose(ClusterSettings.of(options), nearness).grouping(faces.vectors)
    clusters = [label if label >= 0 else None for label in grouping.labels.tolist()]
    # A face that was given to nobody counts as a person of its own.
    agreed = agreement(*with_unassigned(people, [clusters[row] for row in labelled]))
    bcubed, adjusted_rand = agreed.bcubed, agreed.adjusted_rand_index
    width = silhouette(faces.vectors, clusters)
    print(
        f"{' '.join(map(str, options.values())):24} {grouping.clusters:8}  {grouping.nobody:6}     "
        f"{bcubed.precision:.3f}  {bcubed.recall:.3f}  {bcubed.f():.3f}      {adjusted_rand:.3f}  "
        f"{agreed.normalised_mutual_information:.3f}  {'-' if width is None else f'{width:10.3f}':>10}"
    )
