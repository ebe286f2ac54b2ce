"""Models in half precision: float16 inside, float32 where they are fed and answer."""

from __future__ import annotations

from pathlib import Path

from workers.errors import ModelError
from workers.models.detector_parts import GridPart
from workers.models.device import Device
from workers.models.kept_model import kept_model
from workers.models.manifest import Manifest

MOST_LOSS = 0.1
"""Half precision may cost less than this of the accuracy on pairs of faces, percentage points."""

# Raise it when the conversion changes, so that older files are not used any more.
_VERSION = 1


def suits_float16(loss: float | None, device: Device) -> bool:
    """Whether a model runs in half precision on a device.

    Args:
        loss: What that costs by measurement, percentage points; None where nobody has measured it.
        device: What it runs on. A CPU computes in float32 whatever a file says.
    """
    return device.is_nvidia and loss is not None and loss < MOST_LOSS


def half_parts(manifest: Manifest, device: Device) -> tuple[str, ...]:
    """Which parts of a pack run in half precision on a device: "detector", "embedder", both or none."""
    detector = manifest.detector
    losses = {
        # Networks of a few layers gain nothing.
        "detector": detector.float16_loss if isinstance(detector, GridPart) else None,
        "embedder": manifest.embedder.float16_loss,
    }
    return tuple(part for part, loss in losses.items() if suits_float16(loss, device))


def with_float16(path: Path, cache: Path | None = None, content: bytes | None = None) -> bytes:
    """A model that computes in half precision; what goes in and comes out stays as it is.

    Args:
        path: An ONNX file.
        cache: Folder where the result is kept; whoever can't write there converts at each start.
        content: The model, where it is not what the file holds.

    Raises:
        ModelError: If the file is no model, or can't be converted.
    """
    try:
        source = content or path.read_bytes()
        made = kept_model(cache, "float16", (_VERSION,), source, lambda: _converted(source))
    except Exception as error:  # of protobuf, of the file system, of onnx or of the conversion
        raise ModelError(
            f"{path}: can't be converted to float16 ({error}). Without float16_loss in the manifest it "
            "runs in float32."
        ) from error
    assert made is not None
    return made


def _converted(source: bytes) -> bytes:
    # Late: few need it.
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = onnx.load_model_from_string(source)
    return bytes(convert_float_to_float16(model, keep_io_types=True).SerializeToString())
