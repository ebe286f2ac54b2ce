"""What somebody wants a camera to be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from storage.camera_record import CameraRecord
from storage.polygon import Polygon
from storage.sealed_camera import SealedCamera
from stream.camera_url import CameraUrl

SETTINGS = ("fps", "min_face_px", "transport", "hwaccel", "keyframes_only")
"""Fields of a camera that are not said of it alone: settings say what is usual."""

HWACCEL = re.compile(r"[a-z0-9_]{1,32}")
"""Names of decoders."""


@dataclass(frozen=True, slots=True)
class CameraWish:
    """What was said of a camera; what was not is None.

    Attributes:
        url: Where it is.
        sub_url: Where a smaller picture of the same is.
        zones: Where faces count.
        masks: Where they don't.
        settings: Some of `SETTINGS`.
        cleared: Fields of `CameraRecord` that are to be as usual again.
        from_network: Whether its URLs were given over the network, so that their hosts are checked at every
            connection.
    """

    url: CameraUrl | None = None
    sub_url: CameraUrl | None = None
    zones: tuple[Polygon, ...] | None = None
    masks: tuple[Polygon, ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    cleared: frozenset[str] = frozenset()
    from_network: bool = False

    def record(
        self, name: str, sealed: SealedCamera | None, created_at_s: float, before: CameraRecord | None = None
    ) -> CameraRecord:
        """A new camera.

        Args:
            name: Its name.
            sealed: Seals its URLs; None to see whether it can be one.
            created_at_s: Unix time.
            before: The one whose place it takes: it stays paused, or sent by a reader, if that was so.

        Raises:
            ValueError: If it can't be one.
        """
        assert self.url is not None
        # Checked before anything is sealed.
        empty = CameraRecord(name, "", self.url.masked, created_at_s=created_at_s)
        if before is not None:
            kept = {name: getattr(before, name) for name in ("paused", "remote", "created_at_s")}
            empty = replace(empty, **kept)
        return self.applied(empty, sealed)

    def applied(self, record: CameraRecord, sealed: SealedCamera | None) -> CameraRecord:
        """A camera as it is to be from now on.

        Args:
            record: As it was.
            sealed: Seals its URLs; None will do where none is new.

        Raises:
            ValueError: If it can't be so.
        """
        changes: dict[str, Any] = dict(self.settings)
        if self.url is not None and sealed is not None:
            changes["sealed_url"] = sealed.sealed(record.name, self.url.address)
            changes["shown_url"] = self.url.masked
            changes["check_url"] = self.from_network
        if self.sub_url is not None and sealed is not None:
            changes["sealed_sub_url"] = sealed.sealed(record.name, self.sub_url.address, sub=True)
            changes["shown_sub_url"] = self.sub_url.masked
            changes["check_sub_url"] = self.from_network
        areas = {"zones": self.zones, "masks": self.masks}
        changes |= {name: polygons for name, polygons in areas.items() if polygons is not None}
        usual: dict[str, Any] = {"zones": (), "masks": (), "min_face_px": None, "remote": False}
        usual |= {"sealed_sub_url": "", "shown_sub_url": ""}
        return record.changed(**changes, **{name: usual[name] for name in self.cleared})
