"""What a run is asked for, what it tells while it gets on, and what it did."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from facestream.bounds import check_number
from facestream.configuration.settings import AUTO_DEVICE
from facestream.errors import UsageError

if TYPE_CHECKING:
    from stream.frame import Frame
    from stream.video_info import VideoInfo


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to process, and how.

    Attributes:
        paths: Video files, photos and folders of them.
        fps: Sampled frames per second of video, None for every frame.
        start_s: Start in each video, s.
        end_s: End in each video, s, or None.
        recorded_at_s: Unix time at which the recordings began, or None to ask the container.
        dated_names: Whether videos began at the date in their names, see `date_in_name`; those without one
            at what the container says.
        pack: Name or folder of a model pack, or None for the collection's own, else the default one.
        device: What its models run on: "auto", "cpu", "cuda:0" and the like.
        min_face_px: Smallest face looked for, px, or None for a share of the picture.
        samples: "all" also sends every face of every sampled frame to a stream.
        max_pixels: Largest width times height of a frame or photo, or None for the limits of `VideoFile` and
            `PhotoFile`.
        include_forgotten: Look again at sources in which people were forgotten.
        clustering: How the tracks of the collection are grouped into people from now on, or None to leave it
            as it is: "average" for a new one.
    """

    paths: tuple[Path, ...]
    fps: float | None = 5.0
    start_s: float = 0.0
    end_s: float | None = None
    recorded_at_s: float | None = None
    dated_names: bool = False
    pack: str | None = None
    device: str = AUTO_DEVICE
    min_face_px: float | None = None
    samples: Literal["best", "all"] = "best"
    max_pixels: int | None = None
    include_forgotten: bool = False
    clustering: Literal["average", "dbscan", "hdbscan"] | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that can't be before anything is written by them.

        Raises:
            UsageError: If one can't be.
        """
        refuse_two_dates(self.recorded_at_s, dated_names=self.dated_names)
        if self.fps is not None:
            check_number(self.fps, "fps", 0, 1000, above=True)
        check_number(self.start_s, "start_s")
        if self.end_s is not None and self.end_s != math.inf:
            check_number(self.end_s, "end_s")
            if self.end_s <= self.start_s:
                raise UsageError(f"end_s is {self.end_s}; it must be later than start_s, {self.start_s}.")
        if self.min_face_px is not None:
            check_number(self.min_face_px, "min_face_px", 12, 10000)
        if self.max_pixels is not None:
            check_number(self.max_pixels, "max_pixels", 1, whole=True)
        if self.clustering not in (None, "average", "dbscan", "hdbscan"):
            raise UsageError(f"clustering is {self.clustering!r}; it must be average, dbscan or hdbscan.")


def refuse_two_dates(recorded_at_s: float | None, *, dated_names: bool) -> None:
    """Refuse a date that is given and is to be taken from names.

    Raises:
        UsageError: If it is.
    """
    if dated_names and recorded_at_s is not None:
        raise UsageError(
            "the date was given, and is to be taken from names (--dated-names, dated_names) as well. "
            "Leave one of the two out."
        )


class RunListener(Protocol):
    """Is told how a run gets on."""

    def began(self, photos: int) -> None:
        """The sources are counted; so many are photos."""
        ...

    def source_began(self, path: Path, info: VideoInfo | None) -> None:
        """A source is next; `info` is None for a photo."""
        ...

    def frame_done(self, frame: Frame, faces: int) -> None:
        """A frame was searched for faces."""
        ...

    def source_ended(self, path: Path) -> None:
        """A source is done."""
        ...

    def people_now(self, count: int) -> None:
        """So many people are known; may be called from another thread."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...

    def aside(self, text: str) -> None:
        """Something that is no problem, and is left out by who wants to hear of nothing else."""
        ...


class SilentListener:
    """Listens to a run, and says nothing."""

    def began(self, photos: int) -> None:
        """Of no matter here."""

    def source_began(self, path: Path, info: VideoInfo | None) -> None:
        """Of no matter here."""

    def frame_done(self, frame: Frame, faces: int) -> None:
        """Of no matter here."""

    def source_ended(self, path: Path) -> None:
        """Of no matter here."""

    def people_now(self, count: int) -> None:
        """Of no matter here."""

    def note(self, text: str) -> None:
        """Nobody is there to read it."""

    def aside(self, text: str) -> None:
        """Nobody is there to read it."""


@dataclass(slots=True)
class RunReport:
    """What a run did.

    Attributes:
        sources: Ids of the sources that were asked for, done now or before, in order.
        already_done: How many of them had been processed before.
        redated: Ids of those that got another date than they had.
        forgotten: Ids of those in which people were forgotten, who stay left out.
        frames: Frames searched for faces.
        faces: Faces found in them.
        seconds: How long it took, s.
        first_person_s: When the first person was known, s after the start, or None.
        failed: Sources that could not be read, with the reason.
        damaged: Sources that could be read in part, with what is wrong with them.
        interrupted: Whether it was told to stop.
        pack: Title of the model pack.
        licence: Its licence.
        commercial_use: Whether it may be used in business, or None where that isn't known.
        device: What its models ran on.
        device_choice: The same, and whether it was chosen by auto, in words.
        provider: Execution provider that ran.
    """

    sources: list[str] = field(default_factory=list)
    already_done: int = 0
    redated: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    frames: int = 0
    faces: int = 0
    seconds: float = 0.0
    first_person_s: float | None = None
    failed: list[tuple[Path, str]] = field(default_factory=list)
    damaged: list[tuple[Path, str]] = field(default_factory=list)
    interrupted: bool = False
    pack: str = ""
    licence: str = ""
    commercial_use: bool | None = None
    device: str = ""
    device_choice: str = ""
    provider: str = ""
