"""Sort the photos of a folder by person: a folder for each cluster of faces.

    python examples/cluster_folder.py [FOLDER] [--output CLUSTERS] [--algorithm agglomerative]

Without FOLDER, an album is made first. A photo of several people is copied into the folder of each. Which
faces are whose nobody has to say; `evaluate_clusters.py` measures how good that is.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from make_album import make_album

import facestream

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--output", type=Path, default=Path("clusters"), metavar="CLUSTERS")
    parser.add_argument("--algorithm", default="agglomerative")
    args = parser.parse_args()
    if args.output.exists():
        parser.error(f"{args.output} is there already; choose a new --output")
    with facestream.errors_shown(), tempfile.TemporaryDirectory() as temporary:
        photos = args.folder or make_album(Path(temporary) / "album")
        result = facestream.cluster(photos, algorithm=args.algorithm)
        # Folders 1, 2, ..., the largest cluster first, and `nobody`.
        result.write_folders(args.output)
    settings = ", ".join(f"{name} {value}" for name, value in result.grouping.settings.items())
    print(
        f"{len(result.faces)} faces by {args.algorithm} ({settings}): {result.grouping.clusters} clusters\n"
    )
    print("faces  folder")
    for number, size in enumerate(result.grouping.sizes(), 1):
        print(f"{size:5}  {args.output / str(number)}")
    if result.grouping.nobody:
        print(f"{result.grouping.nobody:5}  {args.output / 'nobody'}")
