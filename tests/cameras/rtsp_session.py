"""One connection to the scripted RTSP camera."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cameras.h264_film import H264Film
from cameras.rtp import PCMU_TYPE, VIDEO_TYPE, RtpStream
from cameras.rtsp_faults import Fault
from cameras.rtsp_login import NONCE, REALM, is_allowed
from cameras.session_description import description

if TYPE_CHECKING:
    from cameras.rtsp_server import RtspServer

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_MOST_UNSENT = 8 << 20
_AUDIO_HZ, _AUDIO_SAMPLES = 8000, 160
_JUMPS_S = {Fault.JUMP_BACK: -3600.0, Fault.JUMP_FORWARD: 36_000.0}
_ENDS = (Fault.CLOSE, Fault.RESET, Fault.TRUNCATED)


class RtspSession:
    """Answers requests and sends pictures when they are due; never waits.

    Attributes:
        connection: The client's socket.
        playing: The client has asked for pictures.
        due_s: When the next picture is, on the monotonic clock.
        unsent: Bytes that the client hasn't taken yet.
    """

    def __init__(self, connection: socket.socket, server: RtspServer) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.playing = False
        self.due_s = 0.0
        self.unsent = bytearray()
        self._server = server
        self._received = bytearray()
        self._datagrams: socket.socket | None = None
        self._audio = False
        self._sent = 0  # pictures, or packets of sound
        self._sounds = 0  # packets of sound beside the pictures
        self._packets = 0
        self._shown: H264Film | None = None
        self._place = 0  # in the film that is shown
        self._random = random.Random(7)

    def step(self, *, readable: bool) -> bool:
        """Do what can be done now; False: the connection is over."""
        try:
            if readable and not self._receive():
                return False
            if self.playing and not self._send_due():
                return False
            while self.unsent:
                sent = self.connection.send(self.unsent)
                del self.unsent[:sent]
        except BlockingIOError:
            return len(self.unsent) < _MOST_UNSENT
        except ConnectionError:
            return False
        return True

    def close(self) -> None:
        self.connection.close()
        if self._datagrams is not None:
            self._datagrams.close()

    def _receive(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            received = self.connection.recv(1 << 16)
            if not received:
                return False
            self._received += received
        for request in self._requests():
            method, url, headers = request
            self._server.requests.append(method)
            fault = self._server.fault
            if fault is Fault.SILENCE or (fault is Fault.SILENT_DESCRIBE and method == "DESCRIBE"):
                continue
            self.unsent += self._answer(method, url, headers)
        return True

    def _requests(self) -> Iterator[tuple[str, str, dict[str, str]]]:
        while self._received:
            if self._received[0] == 0x24:  # the client's RTCP
                if len(self._received) < 4:
                    return
                length = 4 + int.from_bytes(self._received[2:4])
                if len(self._received) < length:
                    return
                del self._received[:length]
                continue
            head, end, _ = self._received.partition(b"\r\n\r\n")
            if not end:
                return
            del self._received[: len(head) + 4]
            first, *lines = head.decode().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            del self._received[: int(headers.get("content-length", "0"))]
            if first.startswith("RTSP/"):  # FFmpeg answers what it takes for a request of ours
                continue
            method, url, _ = first.split(" ")
            yield method, url, headers

    def _answer(self, method: str, url: str, headers: dict[str, str]) -> bytes:
        server = self._server
        sequence = f"CSeq: {headers.get('cseq', '0')}\r\n"
        if method == "OPTIONS":
            return _reply(
                200, sequence + "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n"
            )
        allowed = is_allowed(headers.get("authorization", ""), method, server.user, server.password)
        if server.fault is Fault.WRONG_PASSWORD or (server.user and not allowed):
            way = f'Digest realm="{REALM}", nonce="{NONCE}"' if server.digest else f'Basic realm="{REALM}"'
            return _reply(401, sequence + f"WWW-Authenticate: {way}\r\n")
        if server.fault is Fault.NOT_FOUND:
            return _reply(404, sequence)
        if method == "DESCRIBE":
            self._audio = server.fault is Fault.AUDIO_ONLY
            body = description(server.film, server.fps, server.fault, sound=server.sound)
            headers_out = f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\n"
            return _reply(200, sequence + headers_out, body)
        if method == "SETUP":
            return _reply(200, sequence + f"Session: 1;timeout=60\r\nTransport: {self._set_up(headers)}\r\n")
        if method == "PLAY":
            self._begin()
        elif method == "TEARDOWN":
            self.playing = False
        return _reply(200, sequence + "Session: 1\r\n")

    def _set_up(self, headers: dict[str, str]) -> str:
        wanted = headers.get("transport", "")
        if "interleaved" in wanted:
            return f"RTP/AVP/TCP;unicast;interleaved={wanted.partition('interleaved=')[2].partition(';')[0]}"
        ports = wanted.partition("client_port=")[2].partition(";")[0]
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.setblocking(False)
        self._datagrams.bind(("127.0.0.1", 0))
        self._datagrams.connect(("127.0.0.1", int(ports.partition("-")[0])))
        port = self._datagrams.getsockname()[1]
        return f"RTP/AVP;unicast;client_port={ports};server_port={port}-{port + 1}"

    def _begin(self) -> None:
        first = 2**32 - 90_000 if self._server.fault is Fault.WRAP else 1000
        if self._audio:
            self._rtp = RtpStream(PCMU_TYPE, first, _AUDIO_HZ)
        else:
            self._rtp = RtpStream(VIDEO_TYPE, first)
            self._sound = RtpStream(PCMU_TYPE, 1000, _AUDIO_HZ)
        self.playing, self.due_s = True, time.monotonic()

    def _send_due(self) -> bool:
        now_s = time.monotonic()
        while self.playing and self.due_s <= now_s:
            server = self._server
            fault = server.fault if self._sent >= server.after_frames else Fault.NONE
            if fault is Fault.FREEZE:
                self.due_s = now_s + 0.02
                return True
            if fault is Fault.TRUNCATED:
                self.unsent += b"$\0" + (1000).to_bytes(2) + b"\x80\x60" + bytes(200)
                with contextlib.suppress(BlockingIOError):
                    self.connection.send(self.unsent)
            if fault in _ENDS:
                return False
            self._send_sound() if self._audio else self._send_picture(fault)
        return True

    def _send_sound(self) -> None:
        self._send(self._rtp.packet(b"\xff" * _AUDIO_SAMPLES, self._sent * _AUDIO_SAMPLES))
        self._sent += 1
        self.due_s += _AUDIO_SAMPLES / _AUDIO_HZ

    def _send_picture(self, fault: Fault) -> None:
        server = self._server
        if server.sound:
            self._send(self._sound.packet(b"\xff" * _AUDIO_SAMPLES, self._sounds * _AUDIO_SAMPLES), channel=2)
            self._sounds += 1
        if fault is Fault.SOUND_ALONE:
            self.due_s += 1 / server.fps
            return
        film = server.other_film if fault is Fault.OTHER_SIZE and server.other_film else server.film
        if film is not self._shown:
            self._shown, self._place = film, 0
        unit = film.units[self._place % len(film.units)]
        # The film's own offsets put pictures that were coded out of order at their time.
        slip_s = (unit.media_s - (self._place % len(film.units)) / film.fps) * film.fps / server.fps
        timestamp = self._rtp.timestamp(self._sent / server.fps + slip_s + _JUMPS_S.get(fault, 0.0))
        if fault is Fault.NO_TIMESTAMP:
            timestamp = 2**32 - 1
        elif fault is Fault.STOPPED_CLOCK:
            timestamp = self._rtp.timestamp(0.0)
        nals = tuple(map(self._spoilt, unit.nals)) if fault is Fault.CORRUPT else unit.nals
        for packet in self._rtp.packets(nals, timestamp):
            self._packets += 1
            if fault is Fault.LOSS and self._packets % 3 == 0:
                continue
            if fault is Fault.GARBAGE:
                self.unsent += self._random.randbytes(self._random.randrange(1, 400))
            self._send(packet)
        if server.on_picture is not None:
            server.on_picture(self._place % len(film.units))
        self._sent += 1
        self._place += 1
        server.frames_sent += 1
        self.due_s += 1 / server.fps

    def _spoilt(self, nal: bytes) -> bytes:
        """Every tenth byte behind the first two is another one; parameter sets are spoilt as well."""
        spoilt = bytearray(nal)
        for place in range(2, len(nal), 10):
            spoilt[place] = self._random.randrange(256)
        return bytes(spoilt)

    def _send(self, packet: bytes, channel: int = 0) -> None:
        if self._datagrams is None:
            self.unsent += struct.pack("!cBH", b"$", channel, len(packet)) + packet
        else:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                self._datagrams.send(packet)


def _reply(status: int, headers: str, body: str = "") -> bytes:
    reason = {200: "OK", 401: "Unauthorized", 404: "Not Found"}[status]
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"RTSP/1.0 {status} {reason}\r\n{headers}{length}\r\n{body}".encode()
