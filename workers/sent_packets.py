"""Frames of a camera, sent as the camera encoded them."""

from __future__ import annotations

from storage.remote_frame import RemotePackets
from stream.packet_source import PacketSource
from stream.source import LiveCounts
from workers.sendable import TakenFrame


class SentPackets:
    """Passes on what a camera sends. Implements `Sendable`.

    Args:
        source: The camera.
    """

    def __init__(self, source: PacketSource) -> None:
        self._source = source

    @property
    def source_id(self) -> str:
        """Name of the source."""
        return self._source.source_id

    @property
    def status(self) -> LiveCounts:
        """How the camera gets on."""
        return self._source.status

    def begin_anew(self) -> None:
        """Pass over all up to the next keyframe, as what came before can't be decoded."""
        self._source.begin_anew()

    def take(self) -> TakenFrame | None:
        """The oldest frame that waits, at once; None if none does."""
        run = self._source.take()
        if run is None:
            return None
        packets = RemotePackets(run.codec, run.extradata, run.packets, run.keyframes)
        return TakenFrame(run.index, run.media_s, run.captured_at_s, packets=packets)
