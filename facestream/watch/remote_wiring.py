"""Where what carries frames from edge boxes to workers is put together."""

from __future__ import annotations

from storage.connection import RedisHandle
from storage.frame_streams import FrameStreams
from storage.keys import Keys
from storage.remote_cameras import RemoteCameras


def make_frame_streams(handle: RedisHandle, keys: Keys) -> FrameStreams:
    """Frames of cameras that are read elsewhere, on their way to workers."""
    return FrameStreams(handle.client, keys, handle.data_keys)


def make_remote_cameras(handle: RedisHandle, keys: Keys) -> RemoteCameras:
    """The cameras of a collection whose frames a reader sends."""
    return RemoteCameras(handle.client, keys)
