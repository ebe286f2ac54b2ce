"""Kinds of video that can be read."""

from __future__ import annotations

from collections.abc import Iterator

from facestream.checkup.finding import Finding
from stream.decodable import decodable, ffmpeg_version


def check_decoders() -> Iterator[Finding]:
    """Ask PyAV for its decoders."""
    kinds = decodable()
    present = [kind for kind, there in kinds.items() if there]
    missing = [kind for kind, there in kinds.items() if not there]
    detail = f"FFmpeg {ffmpeg_version()} decodes {', '.join(present) or 'none of the common kinds'}"
    if missing:
        yield Finding(
            "decoders",
            "warning",
            f"{detail}; not {', '.join(missing)}",
            "pip install --force-reinstall --only-binary av av brings a PyAV with all of them",
        )
    else:
        yield Finding("decoders", "ok", detail)
