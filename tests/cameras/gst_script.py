"""GStreamer's RTSP server, run by the system's Python, which has its bindings; serves until its input ends.

Its one argument is JSON: `films` (files of `gst_server.write_film`, mounted as /cam0, /cam1, ...), `user`,
`password`, `digest`, `transport` ("tcp", "udp" or "" for both), `certificate`, `port`. It prints its port,
or why it can't serve.
"""

import json
import struct
import sys
import threading
from pathlib import Path
from typing import Any

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer
except (ImportError, ValueError) as error:
    sys.exit(print(f"missing {error}"))

_PIPELINE = (
    "( appsrc name=film is-live=true format=time block=true max-bytes=200000"
    " caps=video/x-h264,stream-format=byte-stream,alignment=au"
    " ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1 )"
)
_UNIT = struct.Struct("<Id")


def units(path: Path) -> list[tuple[float, bytes]]:
    content, place, found = path.read_bytes(), 0, []
    while place < len(content):
        length, media_s = _UNIT.unpack_from(content, place)
        place += _UNIT.size
        found.append((media_s, content[place : place + length]))
        place += length
    return found


class Looped(GstRtspServer.RTSPMediaFactory):
    """A film over and over again; its timestamps go on."""

    def __init__(self, path: Path, transport: str) -> None:
        super().__init__()
        if transport:
            self.set_protocols(getattr(GstRtsp.RTSPLowerTrans, transport.upper()))
        self._units = units(path)
        self._frame_s = sorted(media_s for media_s, _ in self._units)[1]
        self.set_launch(_PIPELINE)
        self.set_shared(True)
        self.connect("media-configure", self._configure)

    def _configure(self, _: Any, media: Any) -> None:
        source = media.get_element().get_by_name("film")
        threading.Thread(target=self._feed, args=(source,), daemon=True).start()

    def _feed(self, source: Any) -> None:
        number = 0
        flow = Gst.FlowReturn.OK
        while flow == Gst.FlowReturn.OK:  # waits where the queue is full, ends with the pipeline
            loop, place = divmod(number, len(self._units))
            media_s, content = self._units[place]
            buffer = Gst.Buffer.new_wrapped(content)
            buffer.pts = int((loop * len(self._units) * self._frame_s + media_s) * Gst.SECOND)
            buffer.dts = int(number * self._frame_s * Gst.SECOND)
            buffer.duration = int(self._frame_s * Gst.SECOND)
            flow = source.emit("push-buffer", buffer)
            number += 1


def guard(user: str, password: str, digest: bool, certificate: str) -> Any:
    auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
    if certificate:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(certificate))
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST if digest else GstRtsp.RTSPAuthMethod.BASIC)
    if not user:
        auth.set_default_token(token)
    elif digest:
        auth.add_digest(user, password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    return auth


def main() -> None:
    wanted = json.loads(sys.argv[1])
    Gst.init(None)
    for element in ("h264parse", "rtph264pay", "appsrc"):
        if Gst.ElementFactory.find(element) is None:
            sys.exit(print(f"missing GStreamer's {element}"))
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(wanted["port"]))
    server.set_auth(guard(wanted["user"], wanted["password"], wanted["digest"], wanted["certificate"]))
    for number, film in enumerate(wanted["films"]):
        factory = Looped(Path(film), wanted["transport"])
        permissions = GstRtspServer.RTSPPermissions()
        for permission in (
            GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS,
            GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
        ):
            permissions.add_permission_for_role("viewer", permission, True)
        factory.set_permissions(permissions)
        server.get_mount_points().add_factory(f"/cam{number}", factory)
    if not server.attach(None):
        sys.exit(print("its port is taken"))
    print(server.get_bound_port(), flush=True)
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


main()
