"""What models failed on: frames and faces that were passed over, so that they cost the others nothing."""

from __future__ import annotations

import logging
from dataclasses import dataclass

_log = logging.getLogger(__name__)

# A model that fails as often one after the other is broken itself, as one whose GPU is gone.
_MOST_IN_A_ROW = 50
# A source that fails over and over is told of so often, s of its media time.
_TELL_EVERY_S = 60.0


@dataclass(slots=True)
class ModelFaults:
    """Frames and faces of one source that models failed on.

    A frame or face that makes a model fail is passed over. Where nothing but failures comes, 50 times, the
    error is raised all the same.

    Attributes:
        source_id: The source.
        frames: Frames in which no faces could be looked for, or followed.
        faces: Faces that could not be embedded.
        reason: What was said of the first one.
        first_s: Media time of the first one, s.
        now_s: Media time that the source has come to, s.
    """

    source_id: str = ""
    frames: int = 0
    faces: int = 0
    reason: str = ""
    first_s: float = 0.0
    now_s: float = 0.0
    _frames_in_a_row: int = 0
    _faces_in_a_row: int = 0
    _told_s: float | None = None

    def frame(self, error: Exception) -> None:
        """No faces could be looked for in a frame.

        Raises:
            Exception: That error, if this goes on and on.
        """
        self.frames += 1
        self._frames_in_a_row += 1
        self._note(error, "no faces could be looked for in a frame", self._frames_in_a_row)

    def frame_of_live(self, error: Exception) -> None:
        """Faces of a frame of a camera could not be followed; it goes on, however often that happens."""
        self.frames += 1
        self._note(error, "faces could not be followed", 0)

    @property
    def is_hopeless(self) -> bool:
        """Whether a model does nothing but fail."""
        return max(self._frames_in_a_row, self._faces_in_a_row) >= _MOST_IN_A_ROW

    def frame_done(self) -> None:
        """Faces were looked for in a frame."""
        self._frames_in_a_row = 0

    def face(self, error: Exception) -> None:
        """A face could not be embedded.

        Raises:
            Exception: That error, if this goes on and on.
        """
        self.faces += 1
        self._faces_in_a_row += 1
        self._note(error, "a face could not be embedded", self._faces_in_a_row)

    def face_done(self) -> None:
        """A face was embedded."""
        self._faces_in_a_row = 0

    def __bool__(self) -> bool:
        """Whether there were any."""
        return bool(self.frames or self.faces)

    def __str__(self) -> str:
        """In words."""
        counts = [
            f"{count} {noun}{'' if count == 1 else 's'}"
            for count, noun in ((self.frames, "frame"), (self.faces, "face"))
            if count
        ]
        return (
            f"the models failed on {' and '.join(counts)}, left out, the first at {self.first_s:.1f} s: "
            f"{self.reason}"
        )

    def _note(self, error: Exception, what: str, in_a_row: int) -> None:
        if not self.reason:
            self.reason, self.first_s = str(error) or type(error).__name__, self.now_s
        if in_a_row >= _MOST_IN_A_ROW:
            raise error
        if self._told_s is None or self.now_s - self._told_s >= _TELL_EVERY_S:
            self._told_s = self.now_s
            _log.warning(
                "%s: at %.1f s %s, left out (%d frames, %d faces so far): %s",
                self.source_id,
                self.now_s,
                what,
                self.frames,
                self.faces,
                error,
                extra={"source_id": self.source_id},
            )
