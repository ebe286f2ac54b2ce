"""Which hardware decoders work on this machine."""

import functools
import logging

import av
from av.codec import Codec, CodecContext
from av.codec.hwaccel import HWAccel, hwdevices_available

from stream.errors import CameraRefusedError

_log = logging.getLogger(__name__)

# Every device that can decode at all can decode this.
_COMMONEST_CODEC = "h264"


@functools.cache
def working_devices() -> tuple[str, ...]:
    """FFmpeg's names of the devices that this PyAV knows and this machine has, such as "cuda".

    Each is opened once per process, as FFmpeg announces also those that aren't there.
    """
    return tuple(name for name in hwdevices_available() if _works(name))


def accelerator(wanted: str) -> HWAccel | None:
    """The decoder device for `wanted`; None for software.

    Args:
        wanted: "none", "auto" for the first that works, or the name of a device.

    Raises:
        CameraRefusedError: If a named device doesn't work here; says which do.
    """
    if wanted == "none":
        return None
    devices = working_devices()
    if wanted == "auto":
        if not devices:
            _say_software()
            return None
        wanted = devices[0]
    if wanted not in devices:
        there = f"those that do: {', '.join(devices)}" if devices else "none does; choose 'none' or 'auto'"
        raise CameraRefusedError(f"the hardware decoder {wanted!r} doesn't work on this machine; {there}")
    return HWAccel(wanted)


def check_used(context: CodecContext, device: HWAccel | None, wanted: str, shown: str = "") -> None:
    """Refuse a decoder that would work in software though a device was named.

    Args:
        context: The decoder.
        device: What `accelerator` gave for `wanted`.
        wanted: As that of `accelerator`.
        shown: The camera as it may be shown.

    Raises:
        CameraRefusedError: If the device can't decode this.
    """
    if device is not None and wanted != "auto" and not context.is_hwaccel:
        raise CameraRefusedError(
            f"{wanted!r} can't decode its video ({context.name}); choose hwaccel 'auto' or 'none'", shown
        )


@functools.cache
def _say_software() -> None:
    _log.info("no hardware decoder works on this machine; cameras are decoded in software")


def _works(name: str) -> bool:
    try:
        HWAccel(name).create(Codec(_COMMONEST_CODEC, "r"))
    except (av.FFmpegError, NotImplementedError):
        return False
    return True
