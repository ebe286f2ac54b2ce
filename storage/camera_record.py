"""Cameras as they are stored."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Self

from storage.errors import RecordError
from storage.fields import Fields, Raw, flag, number, optional_number, text
from storage.keys import check_camera_name
from storage.polygon import Polygon, check_polygon

HIGHEST_FPS = 25.0
"""Most looks a second; frames are numbered by twenty-fifths of a second."""

SMALLEST_FACE_PX, LARGEST_FACE_PX = 12, 10_000
"""What a smallest face can be."""

TRANSPORTS = ("auto", "tcp", "udp")
"""Ways of RTSP to bring the pictures."""

_MOST_AREAS = 32


def new_revision() -> str:
    """What tells one state of a camera's settings from all others."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """One camera: where it is, and how it is looked at.

    Attributes:
        name: 1 to 64 letters, digits, dots, dashes and underscores; a letter or digit first.
        sealed_url: Its URL, sealed for `url_context`.
        shown_url: The URL without its secrets.
        sealed_sub_url: URL of a smaller picture of the same, to find faces in; empty without one.
        shown_sub_url: That one without its secrets.
        fps: Looks per second, more than 0 and at most 25.
        min_face_px: Smallest face that counts, px; None for the usual.
        zones: Only faces whose centre lies in one of these count; empty for the whole picture.
        masks: Faces whose centre lies in one of these don't.
        transport: "auto", "tcp" or "udp".
        hwaccel: "none", "auto" or FFmpeg's name of a decoding device.
        keyframes_only: Whether only keyframes are decoded.
        remote: Whether a reader near it sends its frames: workers take them from there, and don't connect.
        paused: Whether it is left alone for now.
        created_at_s: Unix time.
        check_url: Whether it was given over the network, so that its host is checked at every connection.
        check_sub_url: The same of the smaller picture's.
        revision: Changes with every change of the others.

    Raises:
        ValueError: If a value is out of its range.
    """

    name: str
    sealed_url: str = field(repr=False)
    shown_url: str
    sealed_sub_url: str = field(default="", repr=False)
    shown_sub_url: str = ""
    fps: float = 5.0
    min_face_px: float | None = None
    zones: tuple[Polygon, ...] = ()
    masks: tuple[Polygon, ...] = ()
    transport: str = "auto"
    hwaccel: str = "none"
    keyframes_only: bool = False
    remote: bool = False
    paused: bool = False
    created_at_s: float = 0.0
    check_url: bool = False
    check_sub_url: bool = False
    revision: str = field(default_factory=new_revision)

    def __post_init__(self) -> None:
        """Refuse what no camera can have."""
        check_camera_name(self.name)
        if not 0 < self.fps <= HIGHEST_FPS:
            raise ValueError(f"fps is {self.fps:g}; it is more than 0 and at most {HIGHEST_FPS:g}")
        if self.min_face_px is not None and not SMALLEST_FACE_PX <= self.min_face_px <= LARGEST_FACE_PX:
            raise ValueError(
                f"min_face_px is {self.min_face_px:g}; it is {SMALLEST_FACE_PX} to {LARGEST_FACE_PX}"
            )
        if self.transport not in TRANSPORTS:
            raise ValueError(f"transport is {self.transport[:20]!r}; it is one of {', '.join(TRANSPORTS)}")
        if not self.hwaccel:
            raise ValueError("hwaccel is empty; it is none, auto or the name of a decoding device")
        for kind, areas in (("zone", self.zones), ("mask", self.masks)):
            if len(areas) > _MOST_AREAS:
                raise ValueError(f"there are {len(areas)} {kind}s; at most {_MOST_AREAS} are allowed")
            for place, area in enumerate(areas, 1):
                try:
                    check_polygon(area)
                except ValueError as error:
                    raise ValueError(f"{kind} {place} is no area: {error}") from error

    @property
    def source_id(self) -> str:
        """Id of the source that its frames belong to."""
        return f"c-{self.name}"

    def changed(self, **changes: Any) -> Self:
        """A copy with other settings, and a revision of its own."""
        return replace(self, **changes, revision=new_revision())

    def encode(self) -> Fields:
        """Fields of the hash."""
        return {
            "name": self.name,
            "sealed_url": self.sealed_url,
            "shown_url": self.shown_url,
            "sealed_sub_url": self.sealed_sub_url,
            "shown_sub_url": self.shown_sub_url,
            "fps": repr(float(self.fps)),
            "min_face_px": "" if self.min_face_px is None else repr(float(self.min_face_px)),
            "zones": json.dumps(self.zones),
            "masks": json.dumps(self.masks),
            "transport": self.transport,
            "hwaccel": self.hwaccel,
            "keyframes_only": int(self.keyframes_only),
            "remote": int(self.remote),
            "paused": int(self.paused),
            "created_at_s": f"{self.created_at_s:.3f}",
            "check_url": int(self.check_url),
            "check_sub_url": int(self.check_sub_url),
            "revision": self.revision,
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        zones, masks = _areas(raw, "zones"), _areas(raw, "masks")
        try:
            return cls(
                name=text(raw, "name"),
                sealed_url=text(raw, "sealed_url"),
                shown_url=text(raw, "shown_url"),
                sealed_sub_url=text(raw, "sealed_sub_url", ""),
                shown_sub_url=text(raw, "shown_sub_url", ""),
                fps=number(raw, "fps"),
                min_face_px=optional_number(raw, "min_face_px"),
                zones=zones,
                masks=masks,
                transport=text(raw, "transport", "auto"),
                hwaccel=text(raw, "hwaccel", "none"),
                keyframes_only=flag(raw, "keyframes_only", "0"),
                remote=flag(raw, "remote", "0"),
                paused=flag(raw, "paused", "0"),
                created_at_s=number(raw, "created_at_s", "0"),
                check_url=flag(raw, "check_url", "0"),
                check_sub_url=flag(raw, "check_sub_url", "0"),
                revision=text(raw, "revision", ""),
            )
        except ValueError as error:
            raise RecordError(f"a setting is out of its range: {error}", field="") from error


def url_context(collection: str, name: str, *, sub: bool = False) -> str:
    """What a URL is sealed for, so that it opens for no other camera.

    Args:
        collection: Name of the collection.
        name: Name of the camera.
        sub: Whether it is that of the smaller picture.
    """
    return f"camera {name} of collection {collection}{' (sub-stream)' if sub else ''}"


def _areas(raw: Raw, name: str) -> tuple[Polygon, ...]:
    try:
        # Deep nesting and huge numbers end in errors of their own.
        areas = json.loads(text(raw, name, "[]"))
        return tuple(tuple((float(x), float(y)) for x, y in area) for area in areas)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise RecordError(f"field {name!r} is not a list of lists of pairs", field=name) from error
