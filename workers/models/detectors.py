"""The detector that a manifest describes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workers.models.centerface import CenterFaceDetector
from workers.models.detection import FaceDetector
from workers.models.detector_parts import CenterFacePart, GridPart, HaarPart, MtcnnPart
from workers.models.device import CPU, Device
from workers.models.haar import HaarDetector
from workers.models.mtcnn import MtcnnDetector, MtcnnThresholds


def make_detector(
    part: MtcnnPart | HaarPart | GridPart | CenterFacePart,
    paths: Mapping[str, Path],
    threads: int | None = None,
    device: Device = CPU,
    cache: Path | None = None,
) -> FaceDetector:
    """Load a detector.

    Args:
        part: The manifest's description.
        paths: Where each file lies that it names.
        threads: Threads for one call; default: all cores of this process.
        device: What it runs on.
        cache: Folder for files that are rewritten to take several pictures; None keeps none.

    Raises:
        ModelError: If ONNX Runtime can't load a file, it isn't what the manifest says, or this OpenCV has no
            Haar cascades.
    """
    if isinstance(part, GridPart):
        # Late: it may rewrite models, and what that takes is long to load.
        from workers.models.grid_detector import GridDetector

        return GridDetector(paths[part.file], part, threads, device, cache=cache)
    if isinstance(part, CenterFacePart):
        return CenterFaceDetector(paths[part.file], part, threads, device)
    networks = MtcnnDetector(
        paths[part.files["pnet"]],
        paths[part.files["rnet"]],
        paths[part.files["onet"]],
        MtcnnThresholds(*part.thresholds),
        threads,
        device,
    )
    if isinstance(part, HaarPart):
        return HaarDetector(part, networks)
    return networks
