"""How well people are told apart in sets of videos, by how much it counts that pairs of two are rarely one.

    python benchmarks/video_sets.py [FOLDER ...] [--sets 84] [--against R ...] [--models PACK] [--json FILE]

FOLDER is as of benchmarks/quality.py; default: FACESTREAM_TEST_DATA. Whoever has the same label in two videos
is one person, and so are the heads by the names of their files. All videos go into one collection; what is
known of their tracks is then grouped for one set of videos after the other, each with all settings
(`LikelihoodSettings.rarity_against`). Scored is BCubed F of the tracks, each by the label that most of its
labelled faces have, as often as it has such faces; tracks of nobody who is labelled count for nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from benchmark_script import run_script
from command import facestream
from figure import Figure
from labelled_sets import labelled_clips
from markdown_table import markdown_table
from quality import tell
from result import Result, add_json_option

from facestream.configuration.settings import Place
from facestream.quality.evaluation import truth_table
from facestream.quality.labelled_tracks import faces_by_frame, votes_of
from facestream.quality.labels import IGNORE
from facestream.wiring import keys_of, make_calibration, make_store, open_handle
from workers.clustering.clusterer import TrackClusterer
from workers.clustering.evidence import TrackEvidence
from workers.clustering.likelihood import LikelihoodSettings
from workers.clustering.metrics import bcubed
from workers.models.calibration import Calibration
from workers.track_evidence import evidence_of

_GROUPS = ((2, 3), (4, 6), (7, 10), (11, 16), (17, 99))


@dataclass(frozen=True, slots=True)
class LabelledTrack:
    """A track, and whose it is.

    Attributes:
        evidence: What clustering knows of it.
        label: That of most of its labelled faces; empty where it has none.
        faces: How many of these it has.
    """

    evidence: TrackEvidence
    label: str
    faces: int


def main() -> None:
    """Track everything once, and group it again and again."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--sets", type=int, default=84)
    parser.add_argument("--against", action="append", type=float, help="default: 0, 0.5, 0.75 and 1")
    parser.add_argument("--models", default="open", metavar="PACK")
    add_json_option(parser)
    args = parser.parse_args()
    default = os.environ.get("FACESTREAM_TEST_DATA")
    folders = args.folders or ([Path(default)] if default else [])
    truths: dict[Path, Path | None] = dict(chain.from_iterable(map(labelled_clips, folders)))
    for folder in folders:
        truths |= dict.fromkeys(sorted((folder / "clips" / "heads").glob("*.mp4")))
    if len(truths) < 2:
        parser.error("name folders of at least two labelled videos, or set FACESTREAM_TEST_DATA")
    _, calibration = make_calibration(args.models)
    with tempfile.TemporaryDirectory() as data:
        tell(f"{len(truths)} videos")
        facestream("run", *map(str, truths), "-q", "--models", args.models, "--data-dir", data)
        videos = labelled_tracks(Path(data), truths, calibration)
    sets = drawn_sets(sorted(videos), args.sets)
    scores = {
        against: [score([videos[name] for name in names], against, calibration) for names in sets]
        for against in args.against or (0.0, 0.5, 0.75, 1.0)
    }
    table, figures = [], []
    for least, most in _GROUPS:
        some = [k for k, names in enumerate(sets) if least <= len(names) <= most]
        if not some:
            continue
        means = {against: float(np.mean([found[k] for k in some])) for against, found in scores.items()}
        row = {f"{against:g}": round(mean, 4) for against, mean in means.items()}
        table.append({"videos": f"{least} to {most}", "sets": len(some)} | row)
        first = next(iter(means))
        figures += [
            Figure(
                f"BCubed F of tracks, sets of {least} to {most} videos, at most {against:g} against",
                *(mean, "", "more", means[first], f"at most {first:g}"),
            )
            for against, mean in means.items()
            if against != first
        ]
    print(markdown_table(table))
    Result(figures, details=table).write(args.json)


def labelled_tracks(
    data: Path, truths: dict[Path, Path | None], calibration: Calibration
) -> dict[str, list[LabelledTrack]]:
    """The tracks of each video of a collection.

    Args:
        data: Its data folder.
        truths: Who is in each video; without that, the only person there is called as the file.
        calibration: Of the embedder.
    """
    videos: dict[str, list[LabelledTrack]] = {}
    place = Place(data)
    with open_handle(place) as handle:
        store = make_store(handle, keys_of(place))
        for source in store.sources():
            path = Path(source.path)
            truth = truths[path]
            true_faces = faces_by_frame(truth_table(truth)) if truth else {}
            found = videos[source.path] = []
            for track in store.tracks(store.track_ids(source.source_id)):
                samples = [*store.samples(track.sample_ids)]
                if not samples:
                    continue
                seen = track.observations
                votes = Counter({path.stem: len(seen)})
                if truth:
                    votes = votes_of(zip(seen["frame"].tolist(), seen["box_xyxy"], strict=True), true_faces)
                label = max(votes, key=votes.__getitem__, default="")
                evidence = evidence_of(track, samples, calibration)
                found.append(LabelledTrack(evidence, label, votes.total()))
    return videos


def drawn_sets(names: Sequence[str], count: int) -> list[list[str]]:
    """Sets of videos, always the same: three of four of them small."""
    chance = random.Random(1)
    sets = []
    for k in range(count):
        least, most = (2, 9) if k % 4 else (10, len(names))
        sets.append(chance.sample(names, min(chance.randint(least, max(least, most)), len(names))))
    return sets


def score(videos: Sequence[list[LabelledTrack]], against: float, calibration: Calibration) -> float:
    """BCubed F of the tracks of some videos."""
    settings = LikelihoodSettings(limit=calibration.limit, rarity_against=against)
    clusterer = TrackClusterer(calibration, settings=settings)
    tracks = {track.evidence.track_id: track for track in chain.from_iterable(videos)}
    for track in tracks.values():
        clusterer.insert(track.evidence)
    clusters = clusterer.recluster({}).clusters
    group = {track_id: f"p{k}" for k, cluster in enumerate(clusters) for track_id in cluster}
    truth, found = [], []
    for track_id, track in tracks.items():
        if track.label not in ("", IGNORE):
            truth += [track.label] * track.faces
            found += [group.get(track_id, track_id)] * track.faces
    return bcubed(truth, found).f()


if __name__ == "__main__":
    run_script(main)
