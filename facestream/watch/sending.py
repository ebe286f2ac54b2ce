"""Cameras in, their frames out to workers elsewhere, for as long as somebody lets it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from facestream.cameras.camera_book import camera_name
from facestream.configuration.given_settings import settings
from facestream.configuration.settings import Place
from facestream.errors import UsageError
from facestream.hint import command_line
from facestream.processes.alarm import alarm
from facestream.watch.camera_wiring import make_claims, reading_of, registered_source, resizer
from facestream.watch.remote_wiring import make_frame_streams, make_remote_cameras
from facestream.wiring import keys_of, make_camera_store, make_reader, open_folder, open_handle
from storage.camera_record import CameraRecord
from storage.connection import RedisHandle
from storage.frame_streams import FrameStreams
from storage.keys import Keys
from storage.lease import Lease
from storage.outage import wait_for_server
from storage.sealed_camera import SealedCamera
from storage.sealing import Seal, open_seal
from stream.camera_url import CameraUrl
from stream.live_clock import LiveClock
from stream.live_source import LiveSource
from stream.packet_source import PacketSource
from stream.wishes import Wishes
from workers.camera_events import CameraListener, OpenCamera
from workers.camera_worker import CameraWorker
from workers.frame_sender import FrameSender, SentCamera
from workers.rate_governor import RateGovernor
from workers.sendable import Sendable
from workers.sent_packets import SentPackets
from workers.sent_pictures import SentPictures
from workers.tracking.motion import MotionSettings

if TYPE_CHECKING:
    from facestream.configuration.settings_schema import Settings


class ReaderListener(CameraListener, Protocol):
    """Is told how a reader gets on."""

    def began(self, collection: str, reader: str) -> None:
        """Cameras are about to be opened."""
        ...


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What to send, and how.

    Attributes:
        names: These cameras alone, or all that are sent by a reader if there are none.
        mark: Whether those that are named are to be sent by a reader from now on.
        packets: Whether frames go as the cameras encode them, and not as JPEG.
        quality: Of the JPEGs, 1 to 100.
        for_s: How long, s; None for ever.
    """

    names: tuple[str, ...] = ()
    mark: bool = False
    packets: bool = False
    quality: int = 90
    for_s: float | None = None


def send_frames(place: Place, options: SendOptions, listener: ReaderListener, stop: threading.Event) -> None:
    """Read cameras and send their frames until `stop` is set, or the time is over.

    Raises:
        UsageError: If there are no such cameras, or workers connect to them by themselves.
        StorageError: If Redis or the data folder can't be used, or stays away.
    """
    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors(), handle.haste.from_end(stop):
        for warning in handle.warnings:
            listener.note(warning)
        make_reader(handle, keys).check_schema()
        cameras = make_remote_cameras(handle, keys)
        if options.mark:
            names = [camera_name(name) for name in options.names]
            make_camera_store(handle, keys).check_names(names)
            cameras.mark(names)
        _check(place, options, cameras.readable())
        streams = make_frame_streams(handle, keys)
        claims = make_claims(handle, keys, registered=False, lease_key=keys.camera_reader_lease)
        sender = FrameSender(
            streams,
            on_lost=lambda source_id: claims.mark_lost(source_id.removeprefix("c-")),
        )
        seal = partial(open_seal, open_folder(place).path, os.environ)
        worker = CameraWorker(
            cameras,
            claims,
            sender,
            RateGovernor(),
            _Opener(handle, keys, settings(), seal, streams, sender.wake, options),
            listener,
            handle.errors,
            partial(wait_for_server, handle),
            options.names or None,
        )
        listener.began(keys.collection, claims.worker)
        with alarm(options.for_s, stop):
            worker.run(stop)


def _check(place: Place, options: SendOptions, found: Sequence[CameraRecord]) -> None:
    """Refuse to send cameras that there are not."""
    known = {record.name for record in found}
    missing = [camera_name(name) for name in options.names if name not in known]
    if missing or not known:
        name = missing[0] if missing else "NAME"
        mark = command_line(place, "reader", name, "--remote")
        where = f"collection {place.collection!r}"
        what = f"{where} has no remote camera" + (f" {name!r}" if missing else "")
        raise UsageError(f"{what}. Make one remote, so that workers take its frames from here: {mark}")


@dataclass(slots=True, eq=False)
class _Opener:
    """Opens cameras whose frames are sent. Of one with two streams, it is the large one that is.

    Attributes:
        handle: The server.
        keys: Keys of the collection.
        settings: What holds for all cameras.
        seal: Gives what the cameras' URLs are sealed with; its errors are those of each camera.
        streams: Where frames go.
        on_arrival: Called when a frame has arrived.
        options: How frames are sent.
    """

    handle: RedisHandle
    keys: Keys
    settings: Settings
    seal: Callable[[], Seal]
    streams: FrameStreams
    on_arrival: Callable[[], None]
    options: SendOptions
    wishes: Wishes = field(default_factory=Wishes)

    def __call__(self, record: CameraRecord, lease: Lease) -> OpenCamera[SentCamera]:
        """Begin to read a camera; errors as those of `CameraOpener`."""
        url = CameraUrl.parse(SealedCamera(self.seal(), self.keys.collection).url(record))
        source = registered_source(self.handle, self.keys, record)
        assert source.recorded_at_s is not None
        with self.handle.errors():
            # A worker passes over what has been told of.
            told_s = self.streams.told_s(record.name)
            newest = self.streams.newest(record.name, record.source_id)
        last_s, last_index = max(source.ranges[-1][1] if source.ranges else 0.0, told_s), None
        if newest is not None and newest.frame is not None and newest.frame.media_s >= last_s:
            # Of a reader before this one, whose clock need not have been that of this host.
            last_s, last_index = newest.frame.media_s, newest.frame.index
        clock = LiveClock(source.recorded_at_s, last_s, last_index)
        reading = reading_of(record, self.settings)
        reader: LiveSource | PacketSource
        frames: Sendable
        if self.options.packets:
            reader = PacketSource(url, record.source_id, reading, clock)
            frames = SentPackets(reader)
        else:
            reader = LiveSource(url, record.source_id, reading, clock)
            watch = self.settings.watch
            motion = MotionSettings(look_s=watch.longest_still_s) if watch.motion_gate else None
            frames = SentPictures(reader, self.options.quality, motion)
        reader.on_arrival = self.on_arrival
        if self.wishes.is_new(record.name, record.revision):
            reader.ask_anew()
        sent = SentCamera(record.name, frames, lease, fps=record.fps)
        # Last: what fails before would leave it running.
        reader.__enter__()
        # Who decodes knows better how large the pictures are.
        resize = _no_resize if self.options.packets else resizer(self.handle, self.keys, source)
        return OpenCamera(reader, sent, resize)


def _no_resize(width_px: int, height_px: int) -> None:
    """Nothing is written."""
