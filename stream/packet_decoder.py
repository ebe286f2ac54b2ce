"""Pictures decoded far from the camera that encoded them."""

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from stream.conversion import BgrConverter
from stream.hardware_decoder import accelerator, check_used
from stream.video_info import MAX_VIDEO_PIXELS
from stream.video_stream import DECODER_MARGIN

CODECS = frozenset({"h264", "hevc", "mjpeg", "mpeg4", "vp8", "vp9", "av1"})
"""Video that is passed on as a camera encoded it, by FFmpeg's names: what cameras send, and no more, as
whatever arrives is decoded."""

# FFmpeg's decoder of that name works in hardware alone.
_IN_SOFTWARE = {"av1": "libdav1d"}


class PacketDecoder:
    """Decodes the packets of one camera, in their order, as `LiveDecoder` would beside it.

    What stands in a container alone is not known here: pixels that aren't square, a display that is turned,
    and another configuration in mid-stream.

    Args:
        codec: One of `CODECS`.
        extradata: What the decoder must be told before the first packet; may be empty.
        hwaccel: As that of `LiveSettings`.
        max_pixels: Largest width times height of a picture.

    Attributes:
        corrupt: Packets that couldn't be decoded so far, plus pictures that are marked as damaged.
        pictures: Pictures that were decoded so far.

    Raises:
        ValueError: If the codec is none of those.
        CameraRefusedError: If hardware is named that doesn't work here, or can't decode this.
    """

    def __init__(
        self, codec: str, extradata: bytes, hwaccel: str = "none", max_pixels: int = MAX_VIDEO_PIXELS
    ) -> None:
        if codec not in CODECS:
            raise ValueError(f"its codec is {codec[:40]!r}, expected one of {', '.join(sorted(CODECS))}")
        self.corrupt = self.pictures = 0
        self._max_pixels = max_pixels
        # Whether hardware that is there can decode such video shows only with the first packet.
        device = None if hwaccel == "auto" and codec in _IN_SOFTWARE else accelerator(hwaccel)
        name = _IN_SOFTWARE.get(codec, codec) if device is None else codec
        context = CodecContext.create(name, "r", hwaccel=device)
        assert isinstance(context, VideoCodecContext)
        check_used(context, device, hwaccel)
        context.extradata = extradata or None
        context.options = {"max_pixels": str(max_pixels * DECODER_MARGIN)}
        context.thread_type = "SLICE"
        context.thread_count = 1
        self._context = context
        self._newest: VideoFrame | None = None
        self._converter: BgrConverter | None = None
        self._converted: object = None

    def decode(self, data: bytes) -> None:
        """Decode the next packet; what is damaged is counted and passed over.

        Raises:
            ValueError: If its picture is too large.
        """
        try:
            pictures = self._context.decode(Packet(data))
        except av.FFmpegError:
            self.corrupt += 1
            return
        for picture in pictures:
            width_px, height_px = picture.width, picture.height
            if width_px * height_px > self._max_pixels:
                raise ValueError(f"it has {width_px}x{height_px} pixels, allowed are {self._max_pixels:,}")
            self.corrupt += picture.is_corrupt
            self.pictures += 1
            self._newest = picture

    def image_bgr(self) -> npt.NDArray[np.uint8] | None:
        """The newest picture, uint8 (H, W, 3), upright, with square pixels; None before the first one.

        Raises:
            ValueError: If it can't be converted.
        """
        picture = self._newest
        if picture is None:
            return None
        aspect = self._context.sample_aspect_ratio
        shape = picture.width, picture.height, aspect
        if self._converter is None or shape != self._converted:
            self._converter, self._converted = BgrConverter(aspect), shape
        try:
            return self._converter.image_bgr(picture)
        except av.FFmpegError as error:
            raise ValueError("it can't be converted") from error
