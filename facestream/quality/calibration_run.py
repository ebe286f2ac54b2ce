"""What similarities of a model pack mean: labelled photos or clips in, error rates and thresholds out."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facestream.configuration.settings import AUTO_DEVICE
from facestream.errors import LabelError, UsageError
from facestream.people.people_view import counted
from facestream.quality.calibration_report import CalibrationReport
from facestream.quality.labelled_faces import labelled_faces
from facestream.quality.labelled_tracks import LabelledTracks, labelled_tracks, read_truth
from facestream.quality.labels import LabelsFrom, labelled_photos, people_asked_for
from facestream.quality.size_choice import LEAST_PAIRS, SizeChoice, pairs_of, size_choice
from facestream.recorded.run_report import RunListener, SilentListener
from facestream.wiring import make_pack
from stream.discover import discover
from workers.clustering.pairs import Among, IntArray, Labelled
from workers.clustering.rise import measure_rise
from workers.clustering.verification import Verification, verify
from workers.models.measurement import measured_calibration

if TYPE_CHECKING:
    from workers.models.calibration import Calibration
    from workers.models.pack import Pack

_SCOPES: tuple[Among, ...] = ("all", "within", "across")


def calibrate(
    *paths: str | os.PathLike[str],
    labels_from: LabelsFrom = "auto",
    only: str | os.PathLike[str] | None = None,
    half: str | None = None,
    models: str = "open",
    device: str = AUTO_DEVICE,
    by_size: bool = False,
    stop: threading.Event | None = None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
    listener: RunListener | None = None,
) -> CalibrationReport:
    """Measure what similarities of a model pack mean.

    Args:
        *paths: One folder of labelled photos, or clips (files or folders) with a truth file beside each.
        labels_from: Whether folders or names of photos are their labels; "auto" looks which.
        only: CSV file that lists in a column `name` whose photos are used; default: everybody's.
        half: Of that file only the rows with this `half`.
        models: Name or folder of a model pack.
        device: What its models run on: "auto", "cpu", "cuda:0" and the like.
        by_size: Also measure what similarities mean at every face size; takes eight times as long.
        stop: Ends it early.
        tell: Is told how many photos of how many are done.
        listener: Is told how the processing of clips gets on.

    Raises:
        UsageError: If photos and clips are mixed, or an option doesn't fit.
        LabelError: If labels are missing, or too few people or photos are there.
        StreamError: If a path can't be read.
        WorkerError: If the models can't be loaded.
        KeyboardInterrupt: If it was stopped.
    """
    places = [Path(path) for path in paths]
    chosen = people_asked_for(None if only is None else Path(only), half)
    found = discover(places)
    if found.failed:
        raise found.failed[0][1]
    stop = stop or threading.Event()
    if not found.videos:
        if len(places) != 1 or not places[0].is_dir():
            raise UsageError("one folder of labelled photos is needed, and no single photos.")
        labels = _chosen(places[0], labelled_photos(places[0], labels_from), chosen)
        return _of_photos(places[0], labels, make_pack(models, device=device), by_size, tell, stop)
    if photos := (*found.photos, *found.heic):
        raise UsageError(
            f"both photos, such as {str(photos[0])!r}, and clips, such as {str(found.videos[0])!r}, "
            "were given. Measure them one after the other."
        )
    if by_size or chosen is not None or labels_from != "auto":
        raise UsageError("--output, --only, --half and --labels-from are for photos, not for clips.")
    # What is wrong with labels is said before the models are loaded.
    truths = [read_truth(clip) for clip in found.videos]
    pack = make_pack(models, device=device)
    listener = listener or SilentListener()
    return _of_clips(labelled_tracks(found.videos, truths, pack, models, listener, stop), pack)


def _chosen(folder: Path, labels: Mapping[Path, str], chosen: set[str] | None) -> Mapping[Path, str]:
    """The photos of the people who were asked for."""
    if chosen is not None:
        labels = {path: name for path, name in labels.items() if name in chosen}
    _check_people(folder, labels.values(), "photos")
    return labels


def _check_people(folder: Path, names: Iterable[str], what: str, left_out: str = "") -> None:
    """Refuse what holds no genuine or no impostor pair.

    Args:
        folder: Where they are.
        names: Whose each is.
        what: What they are, such as "photos".
        left_out: How many were of no use, in words; empty for none.

    Raises:
        LabelError: Says what is missing.
    """
    count = Counter(names)
    without = f", {left_out} left out" if left_out else ""
    if not count:
        raise LabelError(f"{str(folder)!r}: no {what} of those people{without}.", path=folder)
    if len(count) < 2:
        (name,) = count
        raise LabelError(
            f"{str(folder)!r}: all {what} are of {name!r}{without}; at least two people are needed. "
            "Folders or file names are the labels, see --labels-from.",
            path=folder,
        )
    if max(count.values()) < 2:
        raise LabelError(
            f"{str(folder)!r}: {counted(len(count), 'person', 'people')}, and of nobody two {what}{without}; "
            "without those there is nothing to tell strangers from. Folders or file names are the labels, "
            "see --labels-from.",
            path=folder,
        )


def _check_pairs(folder: Path, names: Sequence[str], left_out: str = "") -> None:
    """Refuse what has too few pairs for any size.

    Args:
        folder: Where they are.
        names: Whose each photo or face is.
        left_out: How many were of no use, in words; empty for none.

    Raises:
        LabelError: Says how many pairs there are.
    """
    one, two = pairs_of(names)
    if min(one, two) < LEAST_PAIRS:
        without = f" ({left_out} left out)" if left_out else ""
        raise LabelError(
            f"{str(folder)!r}: {counted(one, 'pair')} of one person and {two} of two{without} are too few to "
            f"measure what similarities mean at each size; {LEAST_PAIRS} of both are needed. Add photos.",
            path=folder,
        )


def _of_photos(
    folder: Path,
    labels: Mapping[Path, str],
    pack: Pack,
    by_size: bool,
    tell: Callable[[int, int], None],
    stop: threading.Event,
) -> CalibrationReport:
    several = "photos of people with several"
    if by_size:
        photos_of = Counter(labels.values())
        of_several = [name for name in labels.values() if photos_of[name] > 1]
        _check_people(folder, of_several, several)
        _check_pairs(folder, of_several)
    found = labelled_faces(labels, pack, by_size=by_size, tell=tell, stop=stop)
    if stop.is_set():
        raise KeyboardInterrupt
    lost = len(labels) - len(found.names)
    left_out = counted(lost, "photo") if lost else ""
    _check_people(folder, found.names, "faces", left_out)
    items = Labelled(found.faces.vectors, _numbers(found.names), np.zeros(len(found.names), np.intp))
    measured: Calibration | None = None
    sizes: SizeChoice | None = None
    if found.by_size is not None:
        _check_people(folder, found.by_size_names, several, left_out)
        sizes = size_choice(found.by_size_px, found.by_size_names)
        used = [name for name, chosen in zip(found.by_size_names, sizes.used, strict=True) if chosen]
        _check_pairs(folder, used, left_out)
        measured = measured_calibration(
            found.by_size[: len(sizes.sizes_px), sizes.used],
            _numbers(found.by_size_names)[sizes.used],
            sizes.sizes_px,
        )
    return CalibrationReport(
        "photos",
        pack.manifest.name,
        pack.manifest.model_id,
        found.faces,
        found.names,
        {"all": verify(items)},
        doubled=found.doubled,
        by_size=measured,
        sizes=sizes,
    )


def _of_clips(found: LabelledTracks, pack: Pack) -> CalibrationReport:
    left_out = counted(found.unknown, "track") if found.unknown else ""
    _check_people(found.paths[0], found.names, "tracks", left_out)
    items = Labelled(found.faces.vectors, _numbers(found.names), np.array(found.clips, np.intp))
    # Of one clip, all pairs are within it.
    scopes = _SCOPES if len(set(found.clips)) > 1 else _SCOPES[:1]
    results: dict[str, Verification] = {
        scope: verify(items, scope) for scope in scopes if all(items.count(scope))
    }
    return CalibrationReport(
        "clips",
        pack.manifest.name,
        pack.manifest.model_id,
        found.faces,
        found.names,
        results,
        clips=found.paths,
        mixed=found.mixed,
        unknown=found.unknown,
        rise=measure_rise(items, found.faces.sizes_px, found.together(), pack.calibration, len(found.paths)),
    )


def _numbers(names: tuple[str, ...]) -> IntArray:
    """Each name's place among all names."""
    return np.asarray(np.unique(np.array(names), return_inverse=True)[1], np.intp)
