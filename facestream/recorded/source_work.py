"""What is to be looked at of a video or a photo."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from storage.source_record import Range, SourceRecord
from stream.file_state import FileState
from stream.frame import Frame
from stream.video_info import VideoInfo


@dataclass(frozen=True, slots=True, eq=False)
class VideoWork:
    """What is to be looked at of a video.

    Attributes:
        path: The file.
        source: Its record.
        info: What the file says of itself.
        gaps: The stretches that are missing, media time; the last may have no end. None where all is done.
        before: The file before its id was made; None where nobody knows.
    """

    path: Path
    source: SourceRecord
    info: VideoInfo
    gaps: tuple[Range, ...]
    before: FileState | None = None

    def is_to_end(self, end_s: float) -> bool:
        """Whether a stretch with this end goes to the end of the file; an end beyond that is its end, too."""
        return math.isinf(end_s) or (self.info.duration_s is not None and end_s >= self.info.duration_s)


@dataclass(frozen=True, slots=True, eq=False)
class OpenedPhoto:
    """A photo whose content is known.

    Attributes:
        source_id: The source that it is.
        frame: The photo, captured when its file says; None where it had been processed before, or is so
            large that it is better read when its turn comes.
        has_more: Whether the file holds other pictures, of which that is the first.
        before: The file before its id was made; None where nobody knows.
    """

    source_id: str
    frame: Frame | None
    has_more: bool = False
    before: FileState | None = None
