"""Aligned face chips: the five landmarks brought to fixed places by a similarity transform."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from workers.models.detection import BgrImage
from workers.models.pyramid import halved, halvings

FloatArray = npt.NDArray[np.float32]

# OpenCV 4 warps no larger pictures.
_WARP_LIMIT_PX = 32_767


def umeyama(source: npt.ArrayLike, target: npt.ArrayLike) -> FloatArray:
    """The least-squares similarity (rotation, uniform scale, shift) from one set of points to another.

    Umeyama 1991, "Least-Squares Estimation of Transformation Parameters Between Two Point Patterns".

    Args:
        source: (N, 2) points, N >= 2, not all equal.
        target: (N, 2) points.

    Returns:
        float32 (2, 3): multiplied with (x, y, 1) of the source it gives the target. Never mirrors.

    Raises:
        ValueError: If the shapes differ, the source points are all equal, or a point is not finite.
    """
    a, b = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if a.shape != b.shape or a.ndim != 2 or a.shape[1] != 2 or len(a) < 2:
        raise ValueError(f"points have shapes {a.shape} and {b.shape}, expected twice (N, 2) with N >= 2")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("points are not finite; no similarity transform fits them")
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    centred_a, centred_b = a - mean_a, b - mean_b
    variance = (centred_a**2).sum() / len(a)
    # The variance of equal points is not exactly zero when their mean is rounded.
    if variance <= 1e-20 * (mean_a**2).sum():
        raise ValueError("source points are all equal; no similarity transform fits them")
    u, singular, vt = np.linalg.svd(centred_b.T @ centred_a / len(a))
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    rotation = u @ np.diag(sign) @ vt
    scale = (singular * sign).sum() / variance
    linear = scale * rotation
    shift = mean_b - linear @ mean_a
    return np.concatenate([linear, shift[:, None]], axis=1).astype(np.float32)


def align(image_bgr: BgrImage, landmarks: npt.ArrayLike, template: npt.ArrayLike, size_px: int) -> BgrImage:
    """Cut out a face so that its landmarks lie on a template.

    Args:
        image_bgr: uint8 (H, W, 3).
        landmarks: (5, 2), px in the image.
        template: (5, 2), px in the chip.
        size_px: Side of the square chip.

    Returns:
        uint8 (size_px, size_px, 3), BGR; black where the picture ends.

    Raises:
        ValueError: If the landmarks are all equal or not finite.
    """
    points = np.asarray(landmarks, np.float32)
    matrix = umeyama(points, template)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5 or max(image_bgr.shape) >= _WARP_LIMIT_PX:
        # Bilinear sampling skips pixels when it shrinks by more than two: average them first.
        image_bgr, points = _halved(image_bgr, points, min(scale, 1.0))
        matrix = umeyama(points, template)
    return np.asarray(cv2.warpAffine(image_bgr, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR), np.uint8)


def _halved(image_bgr: BgrImage, points: FloatArray, scale: float) -> tuple[BgrImage, FloatArray]:
    """The surroundings of a face, halved as long as they are to shrink by two, and the landmarks in them."""
    centre, reach = points.mean(axis=0), float(np.ptp(points, axis=0).max()) * 2.5
    height, width = image_bgr.shape[:2]
    x1, y1 = np.clip(np.floor(centre - reach), 0, [width - 1, height - 1]).astype(int)
    x2, y2 = np.clip(np.ceil(centre + reach), [x1 + 1, y1 + 1], [width, height]).astype(int)
    # A pixel or more is left to become one: once more than where it has to be two.
    times = int(halvings(2 / scale))
    # Pixel centres, not corners, correspond under resizing.
    shifted = (points - np.array([x1, y1], np.float32) + 0.5) / (1 << times) - 0.5
    return halved(image_bgr[y1:y2, x1:x2], times), shifted.astype(np.float32)
