"""What a camera says that it sends (SDP, RFC 4566)."""

import base64

from cameras.h264_film import H264Film
from cameras.rtsp_faults import Fault

_ANNOUNCED_FPS = {Fault.ANNOUNCED_0_FPS: 0.0, Fault.ANNOUNCED_1000_FPS: 1000.0}


def description(film: H264Film, fps: float, fault: Fault, *, sound: bool = False) -> str:
    """The session description of one film, or of what a fault puts in its place."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*"]
    if fault is Fault.AUDIO_ONLY:
        lines += ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000"]
    elif fault is Fault.UNKNOWN_CODEC:
        lines += ["m=video 0 RTP/AVP 96", "a=rtpmap:96 X-NOBODYS-CODEC/90000"]
    else:
        sets = ",".join(base64.b64encode(nal).decode() for nal in film.parameter_sets)
        lines += [
            "m=video 0 RTP/AVP 96",
            "a=rtpmap:96 H264/90000",
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}",
            f"a=framerate:{_ANNOUNCED_FPS.get(fault, fps):g}",
        ]
    lines.append("a=control:trackID=0")
    if sound:
        lines += ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=control:trackID=1"]
    return "\r\n".join([*lines, ""])
