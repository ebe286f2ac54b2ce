"""Score `facestream run` beside the naive loop and its rivals on everything labelled; prints a table.

    python benchmarks/quality.py [FOLDER ...] [--models PACK ...] [--only TEXT]
                                 [--clustering METHOD ...] [--json FILE]

FOLDER holds `clips/NAME.mp4` with `clips/NAME.truth.csv`, `clips/heads/` with a person in each file, and
`lfw/` with `lfw_halves.csv`, as far as they are there; default: FACESTREAM_TEST_DATA. A folder of
benchmarks/generate_clips.py will do as well. facestream runs with its defaults. Every other one has the best
of its settings and of some forty thresholds for that very set, which is more than anybody has in life. With
--clustering, facestream's own methods are scored beside each other instead.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_script import run_script
from command import facestream
from figure import Figure
from labelled_sets import LabelledSet, naive_faces, sets_in
from result import Result, add_json_option
from rivals import DBSCAN, RIVALS, IntArray, Rule, distances

from facestream.quality.evaluation import Evaluation, found_table
from facestream.quality.labels import LabelTable
from workers.models.pack import built_in_packs

# Cosine distances: wide enough for embeddings of any kind, then finer around the best.
_COARSE = np.geomspace(0.01, 0.8, 30)
_FINE = 6
# What everybody writes: DBSCAN with these settings; of photos two of a person must be enough.
_NAIVE = {False: "min_samples 3", True: "min_samples 2"}


def main() -> None:
    """Score each set with each pack."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--models", action="append", metavar="PACK", help="default: every built-in pack")
    parser.add_argument("--only", default="", metavar="TEXT", help="only sets with this in their name")
    parser.add_argument(
        "--clustering",
        action="append",
        metavar="METHOD",
        help="average, dbscan or hdbscan, without rivals",
    )
    add_json_option(parser)
    args = parser.parse_args()
    default = os.environ.get("FACESTREAM_TEST_DATA")
    folders = args.folders or ([Path(default)] if default else [])
    if not folders:
        parser.error("name a folder of labelled data, or set FACESTREAM_TEST_DATA")
    found = {folder: list(sets_in(folder)) for folder in folders}
    if empty := [str(folder) for folder, sets in found.items() if not sets]:
        parser.error(f"nothing labelled in {', '.join(empty)}")
    sets = [labelled for of_folder in found.values() for labelled in of_folder if args.only in labelled.name]
    if not sets:
        parser.error(f"no set has {args.only!r} in its name")
    rows = []
    print("| set | pack | | score | BCubed F | P | R | junk | people | at |\n" + "|---" * 10 + "|")
    for labelled in sets:
        for models in args.models or built_in_packs():
            methods: list[str] = args.clustering or []
            results = by_method(labelled, models, methods) if methods else compare(labelled, models)
            for who, at, result in results:
                rows.append(as_row(labelled, models, who, at, result))
                print(as_text(rows[-1]), flush=True)
    Result(figures_of(rows, by_method=bool(args.clustering)), details=rows).write(args.json)


def figures_of(rows: list[dict[str, Any]], *, by_method: bool) -> list[Figure]:
    """Scores of facestream, beside each rival, or of its methods beside that which is the default."""
    figures = []
    for row in rows:
        same = [one for one in rows if (one["set"], one["pack"]) == (row["set"], row["pack"])]
        what = f"{row['set']}, {row['people']} people, {row['pack']}"
        if by_method:
            first = same[0]
            beside = None if row is first else first["score"]
            by = f"score by {row['at']}, {what}"
            figures.append(Figure(by, row["score"], "", "more", beside, first["at"]))
        elif row is same[0]:
            figures += [
                Figure(f"score, {what}", row["score"], "", "more", one["score"], one["who"])
                for one in same[1:]
            ]
            figures += [
                Figure(f"{words}, {what}", row[key], better="more")
                for words, key in (("precision", "bcubed_p"), ("recall", "bcubed_r"))
            ]
        if row is same[0] or by_method:
            by = f" by {row['at']}" if by_method else ""
            figures.append(Figure(f"people found{by}, {what}", row["found"], "", "more"))
    return figures


def compare(labelled: LabelledSet, models: str) -> list[tuple[str, str, Evaluation]]:
    """Everybody's result on one set: who, with which settings, and how well."""
    tell(f"{labelled.name}, {models}: facestream")
    with tempfile.TemporaryDirectory() as folder:
        results = [("facestream", "defaults", labelled.score(ours(labelled, models, Path(folder))))]
    tell(f"{labelled.name}, {models}: every face for the others")
    faces = naive_faces(labelled, models)
    distance = distances(faces.vectors)

    def score(labels: IntArray) -> Evaluation:
        return labelled.score(faces.table(labels))

    for rival in RIVALS:
        tell(f"{labelled.name}, {models}: {rival.name}")
        found = {settings: best(prepare(distance), score) for settings, prepare in rival.rules.items()}
        usual = _NAIVE[labelled.photos]
        if rival is DBSCAN:
            results.append(as_result("naive loop", usual, *found[usual]))
        settings = max(found, key=lambda settings: found[settings][1].score)
        results.append(as_result(rival.name, settings, *found[settings]))
    return results


def by_method(labelled: LabelledSet, models: str, methods: list[str]) -> list[tuple[str, str, Evaluation]]:
    """What facestream finds by each of its methods: who, with which settings, and how well."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for method in methods:
            tell(f"{labelled.name}, {models}: facestream by {method}")
            # Files that are done are not looked at again, and everything is grouped anew.
            found = ours(labelled, models, Path(folder), "--clustering", method)
            results.append(("facestream", method, labelled.score(found)))
    return results


def as_result(who: str, settings: str, eps: float, result: Evaluation) -> tuple[str, str, Evaluation]:
    """Who, with which settings, and how well."""
    return who, ", ".join(filter(None, (settings, f"{eps:.4f}"))), result


def ours(labelled: LabelledSet, models: str, folder: Path, *options: str) -> LabelTable:
    """What `facestream run` finds, with a data folder and more options."""
    csv_file = folder / "faces.csv"
    inputs = map(str, labelled.inputs)
    facestream("run", *inputs, "-q", "--models", models, "--data-dir", str(folder), *options)
    facestream("export", "--data-dir", str(folder), "-o", str(csv_file))
    return found_table(csv_file)


def best(rule: Rule, score: Callable[[IntArray], Evaluation]) -> tuple[float, Evaluation]:
    """The best threshold of a rule, and what it gives."""
    tried: dict[float, Evaluation] = {}
    for eps in _COARSE.tolist():
        tried[eps] = score(rule(eps))
    at = int(np.argmax([result.score for result in tried.values()]))
    around = _COARSE[max(at - 1, 0)], _COARSE[min(at + 1, len(_COARSE) - 1)]
    for eps in np.linspace(*around, _FINE + 2)[1:-1].tolist():
        tried[eps] = score(rule(eps))
    return max(tried.items(), key=lambda item: item[1].score)


def as_row(labelled: LabelledSet, models: str, who: str, at: str, result: Evaluation) -> dict[str, Any]:
    """One result."""
    bcubed = result.agreement.bcubed
    return {
        "set": labelled.name,
        "people": labelled.people,
        "pack": models,
        "who": who,
        "at": at,
        "score": round(result.score, 4),
        "bcubed_f": round(bcubed.f(), 4),
        "bcubed_p": round(bcubed.precision, 4),
        "bcubed_r": round(bcubed.recall, 4),
        "junk": None if result.junk is None else round(result.junk, 4),
        "found": result.clusters,
    }


def as_text(row: dict[str, Any]) -> str:
    """A line of a Markdown table."""
    numbers = " | ".join(
        "" if row[key] is None else f"{row[key]:.3f}"
        for key in ("score", "bcubed_f", "bcubed_p", "bcubed_r", "junk")
    )
    what = f"{row['set']} | {row['pack']} | {row['who']}"
    return f"| {what} | {numbers} | {row['found']} of {row['people']} | {row['at']} |"


def tell(text: str) -> None:
    """What is being done, for those who wait."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    run_script(main)
