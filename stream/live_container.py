"""A camera's container, opened by FFmpeg with nothing allowed but what a camera needs.

`av.open` spends up to its timeout on the answer, and the same again on the first data: each gets half of
`LiveSettings.open_timeout_s`.
"""

import time

import av
from av.codec.hwaccel import HWAccel
from av.container import InputContainer

from stream.camera_failure import unopened
from stream.camera_url import CameraUrl
from stream.errors import CameraError, CameraRefusedError
from stream.live_settings import LiveSettings
from stream.web_files import WebFiles

RTSP_SCHEMES = ("rtsp", "rtsps")
_WEB_SCHEMES = ("http", "https")

# A camera of the web sends pictures itself or names, in a playlist, where they are. Scripts and descriptions
# (concat, dash, sdp, ...) that name other places are no pictures.
_PICTURES = "mjpeg,jpeg_pipe,mpegts,flv,live_flv,mov,matroska,h264,hevc,aac,webvtt"
_WEB_OPTIONS = {"format_whitelist": _PICTURES, "protocol_whitelist": "http,https,tcp,tls"}

# All that a playlist names is opened by `WebFiles`, and nothing by FFmpeg. It can't go on with connections
# that aren't its own. Pictures in parts come by `WebFiles` as well, which knows when one of them has no end.
_PARTS_OPTIONS = {"format_whitelist": "mpjpeg", "protocol_whitelist": "http,https"}
_PLAYLIST_OPTIONS = {
    "format_whitelist": f"hls,{_PICTURES}",
    "protocol_whitelist": "http,https",
    "http_persistent": "0",
    "http_multiple": "0",
}
_RTSP_OPTIONS = {
    # The session's description tells the codec. FFmpeg would look at seven pictures, seconds of a slow
    # camera. What it looks at is shown afterwards; "nobuffer" would throw it away, and the first keyframe
    # with it.
    "analyzeduration": "1",
    "protocol_whitelist": "rtsp,rtsps,rtp,srtp,udp,tcp,tls",
    "buffer_size": str(1 << 20),  # a keyframe of a 4K camera comes in one burst of datagrams
}
_TRANSPORT_OPTIONS = {
    "auto": {"rtsp_transport": "tcp+udp", "rtsp_flags": "prefer_tcp"},
    "tcp": {"rtsp_transport": "tcp"},
    "udp": {"rtsp_transport": "udp"},
}
# The rate is of no interest.
_COMMON_OPTIONS = {"fpsprobesize": "0", "analyzeduration": "2000000"}


class LiveContainer:
    """The open container of one connection.

    Attributes:
        container: FFmpeg's.

    Args:
        url: The camera, without open references; it is connected here.
        settings: How to read it.
        read_s: Longest silence that one read bears, seconds.
        device: Hardware that is to decode, None for software.

    Raises:
        CameraUnreachableError: If no connection came about.
        CameraRefusedError: If it takes a person to mend.
    """

    def __init__(self, url: CameraUrl, settings: LiveSettings, read_s: float, device: HWAccel | None) -> None:
        self._url, self._read_s, self._device = url, read_s, device
        self._answer_s = settings.open_timeout_s / 2
        self._files: WebFiles | None = None
        self._check_host = settings.check_host
        form, options = _form_and_options(url.scheme, settings)
        begun_s = time.monotonic()
        failure: CameraError | None = None
        is_read_here = False
        try:
            self.container = self._open(form, {**_COMMON_OPTIONS, **options})
        except av.FFmpegError as error:
            failure = unopened(error, time.monotonic() - begun_s, self._answer_s, url.masked)
            # So FFmpeg says that the format isn't on the list.
            is_read_here = url.scheme in _WEB_SCHEMES and isinstance(error, av.ArgumentError)
        # Raised out here, and the cause, whose text holds the URL, is nobody's context.
        if failure is not None and not is_read_here:
            raise failure
        if failure is not None:
            self.container = self._open_by_files(failure)
        elif url.scheme in _WEB_SCHEMES and (length_s := _recorded_s(self.container)):
            self.container.close()
            raise CameraRefusedError(
                f"it is a recording of {length_s:.0f} s, and no camera; download it, and process the file",
                url.masked,
            )

    def read_begins(self) -> None:
        """Say before each read that it begins."""
        if self._files is not None:
            self._files.step_begins(self._read_s)

    def close(self) -> None:
        """Close the connection and all that it opened."""
        self.container.close()
        if self._files is not None:
            self._files.close()

    def _open(self, form: str | None, options: dict[str, str]) -> InputContainer:
        return av.open(
            self._url.address,
            "r",
            format=form,
            options=options,
            metadata_errors="replace",
            timeout=(self._answer_s, self._read_s),
            io_open=self._files,
            hwaccel=self._device,
        )

    def _open_by_files(self, other: CameraError) -> InputContainer:
        """Open a playlist, or pictures in parts; raises `other` where it is neither."""
        self._files = files = WebFiles(self._answer_s, self._url.masked, self._check_host)
        files.step_begins(2 * self._answer_s)
        container: InputContainer | None = None
        try:
            form, options = (
                ("mpjpeg", _PARTS_OPTIONS)
                if files.sends_parts(self._url.address)
                else ("hls", _PLAYLIST_OPTIONS)
            )
            container = self._open(form, {**_COMMON_OPTIONS, **options})
        except CameraError:
            files.close()
            raise
        except (av.FFmpegError, UnicodeError):
            files.close()
        if container is None:
            raise files.failure or other
        files.opened = True
        return container


def _recorded_s(container: InputContainer) -> float:
    """How long a file of a web server is, s; 0 for what comes as long as somebody looks, as of a camera."""
    duration = container.duration
    return duration / av.time_base if duration and container.size > 0 else 0.0


def _form_and_options(scheme: str, settings: LiveSettings) -> tuple[str | None, dict[str, str]]:
    if scheme in RTSP_SCHEMES:
        return "rtsp", {**_RTSP_OPTIONS, **_TRANSPORT_OPTIONS[settings.transport]}
    if scheme == "v4l2":
        return "v4l2", {}
    # Where a redirection leads, nobody would check.
    return None, _WEB_OPTIONS | ({} if settings.check_host is None else {"max_redirects": "0"})
