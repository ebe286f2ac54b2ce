"""Whether a pack can be used: its models are loaded on the CPU, and asked once."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from workers.errors import InferenceError, ModelError
from workers.models.pack import load_pack
from workers.models.trial_pictures import trial_pictures

_PICTURE_PX = 160
_LEAST_FACE_PX = 40


def try_pack(folder: Path, cache: Path) -> None:
    """Load a pack and have it look at a picture, as a run would; what is wrong shows now and not there.

    Args:
        folder: The pack.
        cache: Folder for models that are built on first use.

    Raises:
        ModelError: If it can't be loaded, or its models answer otherwise than its manifest says.
    """
    # By its whole path: a folder may be called as a built-in pack is.
    pack = load_pack(str(folder.absolute()), cache)
    (picture,) = trial_pictures(1, _PICTURE_PX, _PICTURE_PX)
    try:
        pack.detector.detect([picture], _LEAST_FACE_PX)
        # Networks that see what others have found are asked in any case.
        pack.detector.refine(picture, np.array([[40, 40, 120, 120]], np.float32))
        # How long vectors are, many files don't say.
        pack.embedder.embed(trial_pictures(1, pack.embedder.input_px, pack.embedder.input_px))
    except (InferenceError, IndexError, ValueError, cv2.error) as error:
        # What answers in shapes that nobody has asked for fails where they are read.
        raise ModelError(
            f"{folder}: its models don't answer as its manifest says they do: {error}"
        ) from error
