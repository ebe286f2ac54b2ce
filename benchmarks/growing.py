"""How steady people are in a collection that grows: photos in random order, a re-cluster after every so many.

    python benchmarks/growing.py [FOLDER] [--every 200] [--seed 1] [--names 20] [--json FILE]

FOLDER holds `lfw/` with `lfw_halves.csv`; default: FACESTREAM_TEST_DATA. Each batch is one `facestream run`
on the same collection. After the first, some people are named. Prints the churn of each re-cluster (share of
tracks, of which nothing new is known, that are somebody else's than before), how many names are left at the
end, and BCubed F beside that of one run over all photos at once.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark_script import run_script
from command import facestream
from figure import Figure
from labelled_sets import LabelledSet, sets_in
from quality import ours, tell
from result import Result, add_json_option

import facestream as product
from facestream.quality.evaluation import found_table


def main() -> None:
    """Let a collection grow and print what became of its people."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--every", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--names", type=int, default=20)
    parser.add_argument("--photos", type=int, metavar="N", help="only so many; scores mean little then")
    add_json_option(parser)
    args = parser.parse_args()
    folder = args.folder or Path(os.environ.get("FACESTREAM_TEST_DATA") or parser.error("name a FOLDER"))
    photos = next((labelled for labelled in sets_in(folder) if labelled.photos), None)
    if photos is None:
        parser.error(f"no lfw/ with lfw_halves.csv in {folder}")
    if args.photos:
        files = photos.files[: args.photos]
        photos = replace(photos, files=files, inputs=files)
    result = grow(photos, args.every, args.seed, args.names)
    tell("all at once")
    with tempfile.TemporaryDirectory() as place:
        at_once = photos.score(ours(photos, "open", Path(place)))
    result["bcubed_f_at_once"] = round(at_once.agreement.bcubed.f(), 4)
    print("| re-cluster | tracks | people | nobody | churn |\n" + "|---" * 5 + "|")
    for number, row in enumerate(result["reclusters"], 1):
        cells = (
            f"{row['tracks']:,}",
            f"{row['people']:,}",
            f"{row['unassigned']:.2%}",
            f"{row['churn']:.2%}",
        )
        print(f"| {number} | {' | '.join(cells)} |")
    print(
        f"\nchurn on the mean {result['churn']:.2%}; names kept {result['names_kept']} of {result['names']}; "
        f"BCubed F {result['bcubed_f']:.4f}, all at once {result['bcubed_f_at_once']:.4f}"
    )
    rival = "all at once"
    Result(
        [
            Figure("churn of a re-cluster, mean", result["churn"]),
            Figure("names kept", result["names_kept"], "", "more", result["names"], "names given"),
            Figure("BCubed F, grown", result["bcubed_f"], "", "more", result["bcubed_f_at_once"], rival),
        ],
        details=result,
    ).write(args.json)


def grow(photos: LabelledSet, every: int, seed: int, names: int) -> dict[str, Any]:
    """Let a collection grow by batches."""
    files = [str(path) for path in photos.files]
    random.Random(seed).shuffle(files)
    with tempfile.TemporaryDirectory() as data:
        for start in range(0, len(files), every):
            tell(f"photos {start} to {start + every} of {len(files)}")
            facestream("run", *files[start : start + every], "-q", "--data-dir", data)
            if start == 0:
                with product.connect(data_dir=data) as store:
                    chosen = sorted(store.people(), key=lambda person: -person.faces)[:names]
                    for person in chosen:
                        store.name(person.id, f"Name of {person.id}")
        with product.connect(data_dir=data) as store:
            reclusters = store.reclusters()[::-1]
            left = {person.name for person in store.people()} - {""}
        table = Path(data) / "faces.csv"
        facestream("export", "--data-dir", data, "-o", str(table))
        score = photos.score(found_table(table))
    later = [row.churn for row in reclusters if row.earlier]
    return {
        "every": every,
        "seed": seed,
        "reclusters": [
            {
                "tracks": row.tracks,
                "people": row.people,
                "unassigned": row.unassigned_share,
                "churn": row.churn,
            }
            for row in reclusters
        ],
        "churn": sum(later) / max(len(later), 1),
        "names": len(chosen),
        "names_kept": len(left),
        "bcubed_f": round(score.agreement.bcubed.f(), 4),
    }


if __name__ == "__main__":
    run_script(main)
