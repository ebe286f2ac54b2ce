"""Measure how well the clusters in a folder agree with the people of an album.

    python examples/evaluate_clusters.py [TRUTH FOUND]

TRUTH holds NAME/*.jpg, FOUND a folder for each cluster with photos of the same file names, as
`cluster_folder.py` makes it. Without them, an album is made and clustered first.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from make_album import make_album

import facestream


def show(truth: Path, found: Path) -> None:
    """Print every measure and what it says."""
    result = facestream.evaluate(truth, found)
    agreed = result.agreement
    print(f"{agreed.items} {result.kind} of {agreed.classes} people in {result.clusters} clusters\n")
    for name, value, meaning in (
        ("purity", agreed.purity, "of each cluster, the share of its main person; 1 if all are alone"),
        ("inverse purity", agreed.inverse_purity, "of each person, the share in their main cluster"),
        ("pairs precision", agreed.pairs.precision, "of two photos in one cluster: how often one person's"),
        ("pairs recall", agreed.pairs.recall, "of two photos of one person: how often in one cluster"),
        ("BCubed precision", agreed.bcubed.precision, "of a photo's cluster, the share of its person"),
        ("BCubed recall", agreed.bcubed.recall, "of a photo's person, the share in its cluster"),
        ("BCubed F", agreed.bcubed.f(), "both in one figure; small people count as much as large ones"),
        ("Rand index", agreed.rand_index, "pairs rightly together or apart; near 1 with many people"),
        ("adjusted Rand", agreed.adjusted_rand_index, "the same, with 0 for what chance would give"),
        ("NMI", agreed.normalised_mutual_information, "how much the cluster tells about the person"),
    ):
        print(f"{name:17} {value:.3f}  {meaning}")
    for title, mistakes in (
        ("People in several clusters", result.torn),
        ("Clusters of several people", result.mixed),
    ):
        print(f"\n{title}: {len(mistakes) or 'none'}")
        for mistake in mistakes:
            print(f"  {mistake.who}: " + ", ".join(f"{count} in {part}" for part, count in mistake.parts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="*", metavar="TRUTH FOUND")
    args = parser.parse_args()
    with facestream.errors_shown():
        if len(args.folders) == 2:
            show(*args.folders)
        elif args.folders:
            parser.error("give both folders, or none")
        else:
            with tempfile.TemporaryDirectory() as temporary:
                album, clusters = Path(temporary) / "album", Path(temporary) / "clusters"
                facestream.cluster(make_album(album)).write_folders(clusters)
                show(album, clusters)
