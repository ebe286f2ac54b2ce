"""RTP packets of H.264 (RFC 3550, RFC 6184)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

CLOCK_HZ = 90_000
VIDEO_TYPE, PCMU_TYPE = 96, 0
_LARGEST_PAYLOAD = 1200
_FU_A = 28


class RtpStream:
    """Numbers packets of one stream.

    Args:
        payload_type: As the session description names it.
        first_timestamp: Timestamp of time 0, in ticks of the stream's clock.
        clock_hz: Ticks per second.
    """

    def __init__(
        self, payload_type: int = VIDEO_TYPE, first_timestamp: int = 0, clock_hz: int = CLOCK_HZ
    ) -> None:
        self._payload_type = payload_type
        self._first_timestamp = first_timestamp
        self._clock_hz = clock_hz
        self._sequence = 0

    def timestamp(self, time_s: float) -> int:
        return (self._first_timestamp + round(time_s * self._clock_hz)) % 2**32

    def packets(self, nals: tuple[bytes, ...], timestamp: int) -> Iterator[bytes]:
        """Packets of one picture, the last one marked; large NAL units in fragments (FU-A)."""
        payloads = [payload for nal in nals for payload in _payloads(nal)]
        for number, payload in enumerate(payloads):
            yield self.packet(payload, timestamp, marked=number == len(payloads) - 1)

    def packet(self, payload: bytes, timestamp: int, *, marked: bool = False) -> bytes:
        header = struct.pack(
            "!BBHII", 0x80, self._payload_type | marked << 7, self._sequence, timestamp, 0x46414345
        )
        self._sequence = (self._sequence + 1) % 2**16
        return header + payload


def _payloads(nal: bytes) -> Iterator[bytes]:
    if len(nal) <= _LARGEST_PAYLOAD:
        yield nal
        return
    indicator, kind, body = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F, nal[1:]
    for start in range(0, len(body), _LARGEST_PAYLOAD):
        first, last = start == 0, start + _LARGEST_PAYLOAD >= len(body)
        yield bytes([indicator, first << 7 | last << 6 | kind]) + body[start : start + _LARGEST_PAYLOAD]
