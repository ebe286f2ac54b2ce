"""Where the concrete classes of cameras are put together."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from facestream.cameras.camera_reach import CameraReach
from facestream.watch.remote_wiring import make_frame_streams, make_remote_cameras
from facestream.wiring import make_queue, make_store
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.connection import RedisHandle
from storage.keys import Keys
from storage.lease import Lease
from storage.sealed_camera import SealedCamera
from storage.sealing import Seal
from storage.source_record import SourceRecord
from stream.camera_url import CameraUrl
from stream.live_clock import LiveClock
from stream.live_settings import LiveSettings
from stream.live_source import LiveSource
from stream.paired_source import PairedSource
from stream.wishes import Wishes
from workers.camera_claims import CameraClaims
from workers.camera_events import OpenCamera
from workers.live_camera import LiveCamera
from workers.remote_source import RemoteSource
from workers.tracking.motion import MotionSettings
from workers.tracking.region import Region

if TYPE_CHECKING:
    from facestream.configuration.settings_schema import Settings

_log = logging.getLogger(__name__)

# 2020: no clock that is right said less when this was written.
_PLAUSIBLE_S = 1_577_836_800.0


def worker_name() -> str:
    """A name for a worker of this process that no other has: host, process and a few random digits."""
    host = "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "-" for c in socket.gethostname())
    return f"{host[:40] or 'host'}-{os.getpid()}-{secrets.token_hex(2)}"


def make_claims(
    handle: RedisHandle, keys: Keys, *, registered: bool, lease_key: Callable[[str], str] | None = None
) -> CameraClaims:
    """The claims of a new worker.

    Args:
        handle: The server.
        keys: Keys of the collection.
        registered: Whether it takes its share of all cameras, and not just those that somebody named.
        lease_key: As that of `CameraLeases`.
    """
    from storage.camera_leases import CameraLeases

    return CameraClaims(
        CameraLeases(handle.client, keys, worker_name(), registered=registered, lease_key=lease_key),
        handle.errors,
    )


@dataclass(slots=True, eq=False)
class Opener:
    """Opens cameras of a collection.

    Args:
        handle: The server.
        keys: Keys of the collection.
        model_id: Embedding space of what is found.
        settings: What holds for all cameras.
        seal: Gives what the cameras' URLs are sealed with; its errors are those of each camera.
        on_arrival: Called when a frame has arrived.
        on_decode: Called with the seconds that a decoder took for a packet; None where nobody wants to know.
    """

    handle: RedisHandle
    keys: Keys
    model_id: str
    settings: Settings
    seal: Callable[[], Seal]
    on_arrival: Callable[[], None]
    on_decode: Callable[[float], None] | None = None
    wishes: Wishes = field(default_factory=Wishes)

    def __call__(self, record: CameraRecord, lease: Lease) -> OpenCamera[LiveCamera]:
        """Begin to read a camera; errors as those of `CameraOpener`."""
        source = registered_source(self.handle, self.keys, record)
        reader: LiveSource | PairedSource | RemoteSource
        on_told = None
        if record.remote:
            reader, on_told = self._remote(record)
        else:
            reader = local = self._local(record, source)
            if self.wishes.is_new(record.name, record.revision):
                local.ask_anew()
        reader.on_arrival = self.on_arrival
        watch = self.settings.watch
        live = LiveCamera(
            reader,
            make_queue(self.handle, self.keys, self.model_id, fence=lease),
            fps=record.fps,
            min_face_px=record.min_face_px,
            region=Region(record.zones, record.masks) if record.zones or record.masks else None,
            motion=MotionSettings(look_s=watch.longest_still_s) if watch.motion_gate else None,
            on_told=on_told,
        )
        # Last: what fails before would leave it running.
        reader.__enter__()
        return OpenCamera(reader, live, resizer(self.handle, self.keys, source))

    def _remote(self, record: CameraRecord) -> tuple[RemoteSource, Callable[[float, bool], None]]:
        """Frames that a reader sends; where the camera is need not be known."""
        reader = RemoteSource(
            record.name,
            record.source_id,
            make_frame_streams(self.handle, self.keys),
            partial(make_remote_cameras(self.handle, self.keys).status, record.name),
            self.handle.errors,
            record.fps,
            hwaccel=record.hwaccel,
        )
        return reader, reader.told

    def _local(self, record: CameraRecord, source: SourceRecord) -> LiveSource | PairedSource:
        """Frames of a camera that is connected to from here."""
        sealed = SealedCamera(self.seal(), self.keys.collection)
        url, sub_url = CameraUrl.parse(sealed.url(record)), sealed.sub_url(record)
        assert source.recorded_at_s is not None
        clock = LiveClock(source.recorded_at_s, source.ranges[-1][1] if source.ranges else 0.0)
        reading = reading_of(record, self.settings, self.on_decode)
        if not sub_url:
            return LiveSource(url, record.source_id, reading, clock)
        # The sub-stream is cheap to decode; keyframes alone are too few to follow faces in.
        small = replace(
            reading, keyframes_only=False, check_host=check_host_of(self.settings, record.check_sub_url)
        )
        return PairedSource(url, CameraUrl.parse(sub_url), record.source_id, small, clock, reading)


def reading_of(
    record: CameraRecord, settings: Settings, on_decode: Callable[[float], None] | None = None
) -> LiveSettings:
    """How a camera is read.

    Args:
        record: The camera.
        settings: What holds for all cameras.
        on_decode: As that of `LiveSettings`.
    """
    camera = settings.camera
    return LiveSettings(
        fps=record.fps,
        transport=record.transport,
        hwaccel=record.hwaccel,
        keyframes_only=record.keyframes_only,
        open_timeout_s=camera.open_timeout_s,
        stall_s=camera.stall_s,
        first_backoff_s=camera.first_backoff_s,
        longest_backoff_s=camera.longest_backoff_s,
        on_decode=on_decode,
        check_host=check_host_of(settings, record.check_url),
    )


def check_host_of(settings: Settings, check: bool) -> Callable[[str, int], None] | None:
    """What checks hosts before connections: by the settings of this worker, not of who added the camera."""
    return CameraReach.allowed_by(settings.serve).check_host if check else None


def registered_source(handle: RedisHandle, keys: Keys, record: CameraRecord) -> SourceRecord:
    """The source of a camera; its epoch is that of its first registration."""
    store = make_store(handle, keys)
    known = store.source(record.source_id)
    epoch_s = None if known is None else known.recorded_at_s
    if epoch_s is None:
        epoch_s = time.time()
        if epoch_s < _PLAUSIBLE_S:
            _log.warning(
                "camera %s begins on %s by the clock of this machine, which can't be right: people are dated "
                "so, and may count as over age, until the clock is set (NTP)",
                record.name,
                time.strftime("%Y-%m-%d", time.gmtime(epoch_s)),
                extra={"source_id": record.source_id},
            )
    return store.register_source(
        SourceRecord(
            record.source_id,
            "camera",
            record.shown_url,
            known.width_px if known else 0,
            known.height_px if known else 0,
            recorded_at_s=epoch_s,
            fps=record.fps,
        )
    )


def resizer(handle: RedisHandle, keys: Keys, source: SourceRecord) -> Callable[[int, int], None]:
    """What writes the size of a camera's pictures, px."""

    def resize(width_px: int, height_px: int) -> None:
        make_store(handle, keys).register_source(replace(source, width_px=width_px, height_px=height_px))

    return resize


class OneCamera:
    """A camera that somebody named by its URL, and that is stored nowhere.

    Args:
        url: Its URL.
        collection: The collection that its people are found for.
        fps: Looks per second.
        min_face_px: Smallest face that counts, px, or None for the usual.

    Attributes:
        seal: What its URL is sealed with: a key that nobody else has.
    """

    def __init__(self, url: CameraUrl, collection: str, fps: float, min_face_px: int | None) -> None:
        self.seal = Seal(secrets.token_bytes(32))
        name = name_of(url)
        self._record = CameraRecord(
            name,
            SealedCamera(self.seal, collection).sealed(name, url.address),
            url.masked,
            fps=fps,
            min_face_px=min_face_px,
        )

    def readable(self) -> list[CameraRecord]:
        """The one."""
        return [self._record]

    def write_statuses(self, statuses: Sequence[CameraStatus]) -> None:
        """Nobody else knows it."""

    def forget_statuses(self, names: Sequence[str]) -> None:
        """Nothing was written."""

    def readable_statuses(self) -> Mapping[str, CameraStatus]:
        """Nobody else looks at it."""
        return {}


def name_of(url: CameraUrl) -> str:
    """A name for a camera that nobody has named: from host and path, whatever its password is."""
    # Of what is shown alone, so that nothing secret can be guessed from it.
    place = replace(url, user=None, password=None).masked
    return f"url-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
