"""The latest picture of a camera with its faces, as somebody who looks at it live sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

from storage.errors import RecordError
from storage.fields import Fields, Raw, count, number, text

VIEW_FIELDS = ("frame_id", "at_s", "width_px", "height_px", "faces")
"""All fields but the picture itself."""


@dataclass(frozen=True, slots=True)
class ViewedFace:
    """A face in a live picture.

    Attributes:
        box_xyxy: Left, top, right, bottom, px of the picture.
        track_id: The track that it belongs to, which may be too young to be stored.
        continues: The track that this one continues; empty without one.
    """

    box_xyxy: tuple[float, float, float, float]
    track_id: str
    continues: str = ""


@dataclass(frozen=True, slots=True)
class CameraView:
    """The latest picture of a camera that was looked at.

    Attributes:
        frame_id: Tells it from all others of the camera.
        at_s: Unix time of its capture.
        width_px: Width of the picture.
        height_px: Height of the picture.
        faces: The faces in it.
        jpeg: The picture; empty where it was not read.
    """

    frame_id: str
    at_s: float
    width_px: int
    height_px: int
    faces: tuple[ViewedFace, ...]
    jpeg: bytes = b""

    def encode(self) -> Fields:
        """Fields of the hash."""
        faces = [
            {
                "box_xyxy": [round(side, 1) for side in face.box_xyxy],
                "track_id": face.track_id,
                "continues": face.continues,
            }
            for face in self.faces
        ]
        return {
            "frame_id": self.frame_id,
            "at_s": f"{self.at_s:.3f}",
            "width_px": self.width_px,
            "height_px": self.height_px,
            "faces": json.dumps(faces, separators=(",", ":")),
            "jpeg": self.jpeg,
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        return cls(
            frame_id=text(raw, "frame_id"),
            at_s=number(raw, "at_s"),
            width_px=count(raw, "width_px"),
            height_px=count(raw, "height_px"),
            faces=_faces(text(raw, "faces")),
            jpeg=raw.get(b"jpeg", b""),
        )


def _faces(written: str) -> tuple[ViewedFace, ...]:
    try:
        found = []
        for face in json.loads(written):
            left, top, right, bottom = map(float, face["box_xyxy"])
            box_xyxy = (left, top, right, bottom)
            found.append(ViewedFace(box_xyxy, str(face["track_id"]), str(face.get("continues", ""))))
        return tuple(found)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise RecordError("field 'faces' is no list of faces", field="faces") from error
