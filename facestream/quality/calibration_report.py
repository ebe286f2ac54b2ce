"""What `facestream calibrate` measured, for people, programs and manifests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from workers.clustering.verification import OperatingPoint, Verification, rounded_up

if TYPE_CHECKING:
    from facestream.clusters.face_set import FaceSet
    from facestream.quality.labelled_faces import DoubledPhoto
    from facestream.quality.size_choice import SizeChoice
    from workers.clustering.pairs import Histogram, Pair
    from workers.clustering.rise import Rise
    from workers.models.calibration import Calibration

PERCENTS = (1, 5, 25, 50, 75, 95, 99)
# Thresholds are rounded up to so many digits: no stranger more may pass.
DIGITS = 4


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationReport:
    """What similarities of a model pack mean, measured.

    Attributes:
        kind: Whether faces of photos or tracks of clips were compared.
        pack: Name of the model pack.
        model_id: Its embedding space.
        faces: What was compared.
        names: Whose each is.
        results: By scope: "all", and for several clips also "within" a clip and "across" clips; only scopes
            in which there are both kinds of pairs.
        doubled: Photos left out because they show the same picture as another, with that one.
        clips: The clips.
        mixed: Tracks that lie on more than one person.
        unknown: Tracks of nobody known.
        by_size: What similarities mean at every face size, or None where it was not measured.
        sizes: The sizes that it was measured at, and those that it was not; None likewise.
        rise: How much more alike than that people of clips are, or None for photos.
    """

    kind: Literal["photos", "clips"]
    pack: str
    model_id: str
    faces: FaceSet
    names: tuple[str, ...]
    results: dict[str, Verification]
    doubled: tuple[DoubledPhoto, ...] = ()
    clips: tuple[Path, ...] = ()
    mixed: int = 0
    unknown: int = 0
    by_size: Calibration | None = None
    sizes: SizeChoice | None = None
    rise: Rise | None = None

    @property
    def people(self) -> int:
        """How many people there are."""
        return len(set(self.names))

    @property
    def result(self) -> Verification:
        """Of all pairs."""
        return self.results["all"]

    def path(self, item: int) -> str:
        """The file of an item."""
        return self.faces.faces[item][0].source

    def thresholds_toml(self) -> str | None:
        """A `[thresholds]` section for a manifest; None where there are too few pairs, or of clips."""
        written = [rounded_up(p.threshold, DIGITS) for p in self.result.points if p.threshold is not None]
        if self.kind == "clips" or len(written) < len(self.result.points):
            return None
        lines = ["[thresholds]"]
        for exponent, threshold in zip((2, 3, 4), written, strict=True):
            lines.append(f"far_1e{exponent} = {threshold:.{DIGITS}f}")
        photos = f"{len(self.faces)} photos of {self.people} people"
        lines.append(f'measured_on = "{photos}: {self.result.impostor.number:,} pairs of strangers"')
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """All of it for machines."""
        document: dict[str, Any] = {
            "kind": self.kind,
            "models": self.pack,
            "model_id": self.model_id,
            "items": len(self.faces),
            "people": self.people,
            "results": {scope: self._result_json(result) for scope, result in self.results.items()},
            "thresholds_toml": self.thresholds_toml(),
        }
        if self.kind == "photos":
            document |= {
                "unreadable": [{"photo": str(p), "error": reason} for p, reason in self.faces.failed],
                "faceless": [str(path) for path in self.faces.faceless],
                "doubled": [_doubled_json(photo) for photo in self.doubled],
                "by_size": None if self.by_size is None else size_rows(self.by_size),
                "sizes_left_out": None if self.sizes is None else _left_out_json(self.sizes),
                "too_small": None if self.sizes is None else self.sizes.too_small,
            }
        if self.rise is not None:
            document |= {
                "mixed_tracks": self.mixed,
                "unknown_tracks": self.unknown,
                "rise": {
                    "clips": [str(clip) for clip in self.clips],
                    "pairs_together": list(self.rise.pairs_together),
                    "together": [_rounded(value) for value in self.rise.together],
                    "across": _rounded(self.rise.across),
                    "genuine": _rounded(self.rise.genuine),
                    "video_rise": _rounded(self.rise.video_rise),
                },
            }
        return document

    def _result_json(self, result: Verification) -> dict[str, Any]:
        return {
            "genuine": _distribution_json(result.genuine),
            "impostor": _distribution_json(result.impostor),
            "points": [_point_json(point) for point in result.points],
            "eer": _rounded(result.eer),
            "eer_threshold": _rounded(result.eer_threshold),
            "d_prime": _rounded(result.d_prime),
            "closest_strangers": [self._pair_json(pair) for pair in result.strangers],
            "least_alike_genuine": [self._pair_json(pair) for pair in result.estranged],
        }

    def _pair_json(self, pair: Pair) -> dict[str, Any]:
        sides = (pair.first, pair.second)
        return {
            "similarity": _rounded(pair.similarity),
            "names": [self.names[item] for item in sides],
            "files": [self.path(item) for item in sides],
            "times_s": [round(self.faces.faces[item][0].time_s, 3) for item in sides],
        }


def _doubled_json(photo: DoubledPhoto) -> dict[str, Any]:
    return {
        "photo": str(photo.path),
        "same_as": str(photo.first),
        "names": [photo.name, photo.first_name],
        "mislabelled": photo.is_mislabelled,
    }


def _left_out_json(sizes: SizeChoice) -> list[dict[str, float]]:
    return [{"size_px": size_px, "faces": as_large} for size_px, as_large in sizes.left_out]


def size_rows(calibration: Calibration) -> list[dict[str, float]]:
    """Pairs of faces of one size, for each size."""
    rows = []
    for k, size_px in enumerate(calibration.sizes_px.tolist()):
        genuine, impostor, spread = (
            float(table[k, k]) for table in (calibration.genuine, calibration.impostor, calibration.spread)
        )
        rows.append(
            {
                "size_px": size_px,
                "genuine": round(genuine, 5),
                "impostor": round(impostor, 5),
                "spread": round(spread, 5),
                "d_prime": round((genuine - impostor) / spread, 3),
            }
        )
    return rows


def _distribution_json(histogram: Histogram) -> dict[str, Any]:
    return {
        "pairs": histogram.number,
        "mean": _rounded(histogram.mean),
        "sd": _rounded(histogram.sd),
        "least": _rounded(histogram.least),
        "most": _rounded(histogram.most),
        "percentiles": {str(percent): _rounded(histogram.percentile(percent)) for percent in PERCENTS},
    }


def _point_json(point: OperatingPoint) -> dict[str, Any]:
    known = point.threshold is not None
    threshold = None if point.threshold is None else rounded_up(point.threshold, DIGITS)
    return {
        "far": point.far,
        "threshold": threshold,
        "distance": None if threshold is None else round(1 - threshold, DIGITS),
        "tar": _rounded(point.tar),
        "tar_interval": None if point.tar_interval is None else [_rounded(end) for end in point.tar_interval],
        "allowed": point.allowed,
        "accepted": point.accepted if known else None,
        "sure": point.is_sure,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
