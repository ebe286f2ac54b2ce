"""Values of command-line options: times, rates, dates."""

from __future__ import annotations

import math
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _FloatType = click.ParamType[float]
    _MomentType = click.ParamType[datetime | float]
    _TextType = click.ParamType[str]
    _SourceType = click.ParamType[Path | str]
else:
    # Generic only in newer versions of click.
    _FloatType = _MomentType = _TextType = _SourceType = click.ParamType

# With a scheme other than that of files, or a webcam.
_CAMERA = re.compile(r"(?!file:)[a-z][a-z0-9+.-]*://|webcam:|/dev/(video|v4l)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")


class MediaTime(_FloatType):
    """Seconds, or [H:]MM:SS."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds as a float."""
        text = str(value)
        clock = _CLOCK.fullmatch(text)
        if clock:
            hours, minutes, seconds = clock.groups()
            return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
        try:
            seconds_only = float(text)
        except ValueError:
            seconds_only = -1.0
        if not 0 <= seconds_only < 1e9:
            self.fail(f"{text!r} is not a time; write seconds (90.5) or [H:]MM:SS (1:30.5)", param, ctx)
        return seconds_only


# A variable of the shell that isn't set, say. As a path it would be the current folder.
_EMPTY = "a name is empty; name a file or folder, as . for the current one"


class Source(_SourceType):
    """A video, photo or folder; or the URL of a camera, which stays a text."""

    name = "source"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path | str:
        """The path, or the URL as it was written."""
        text = os.fsdecode(value) if isinstance(value, (bytes, os.PathLike)) else str(value)
        if not text:
            self.fail(_EMPTY, param, ctx)
        if _CAMERA.match(text):
            return text
        path = Path(text)
        # What is said of a path repeats it; of what may be user:password@host, nothing.
        return text if "@" in text and not path.exists() else path


class MediaPath(click.Path):
    """A file or folder with videos or photos."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """The path; never that of the current folder by an empty word."""
        if not os.fspath(value):
            self.fail(_EMPTY, param, ctx)
        return super().convert(value, param, ctx)


class Duration(_FloatType):
    """How long: seconds, or a number with s, m, h or d."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds as a float."""
        text = str(value)
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
        seconds = (
            float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]] if found else 0.0
        )
        # Longer ones can't be waited for.
        if not 0 < seconds <= 1e6:
            self.fail(f"{text!r} is no duration up to 11 days; write 90, 90s, 10m, 8h or 1d", param, ctx)
        return seconds


class DeviceName(_TextType):
    """What models run on: auto, cpu, cuda:0 and the like."""

    name = "device"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The device as it was written."""
        from workers.models.device import Device

        try:
            return str(Device.parse(str(value)))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Number(click.FloatRange):
    """A number within bounds, and no "nan", which lies within all of them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, finite."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{str(value)!r} is not a finite number", param, ctx)
        return number


class Rate(_FloatType):
    """Frames per second, or "native" for every frame."""

    name = "rate"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Frames per second; 0 stands for every frame."""
        text = str(value)
        if text == "native":
            return 0.0
        try:
            rate = float(text)
        except ValueError:
            rate = -1.0
        if not 0 < rate <= 1000:
            self.fail(f"{text!r} is not a rate; write frames per second (5) or native", param, ctx)
        return rate


class Days(_FloatType):
    """A number of days, or "forever"."""

    name = "days"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Days as a float; infinite for ever."""
        from storage.retention_policy import days_of

        try:
            return days_of(str(value))
        except ValueError:
            self.fail(f"{str(value)!r} is no number of days above 0; write 30, or forever", param, ctx)


class Moment(_FloatType):
    """A date and time in ISO 8601, local where no zone is given."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Unix time, s."""
        text = str(value)
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is not a date; write it like 2026-05-01T18:30:00 or ...+02:00", param, ctx)
        try:
            moment = at.astimezone(UTC).timestamp()
        except (ValueError, OverflowError):
            # The first and the last year have moments that no other zone can tell.
            moment = -1.0
        if not 0 < moment < 32503680000:
            self.fail(f"{text!r} is not in the years 1970 to 3000", param, ctx)
        return moment


class When(_MomentType):
    """A date and time in ISO 8601, local where no zone is given; or seconds or [H:]MM:SS into a video.

    Args:
        end: Whether a date without a time means the end of that day, and not its beginning.
    """

    name = "when"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | float:
        """A date with its zone, or seconds."""
        text = str(value)
        if re.fullmatch(r"(19|20)[0-9]{2}", text):
            minutes, seconds = divmod(int(text), 60)
            self.fail(
                f"{text!r} may be a year or seconds: write {text}-01-01, or {minutes}:{seconds:02}",
                param,
                ctx,
            )
        if re.fullmatch(r"[0-9.:]+", text) and not re.fullmatch(r"[0-9]{8,}", text):
            return MediaTime().convert(text, param, ctx)
        # So many digits without a sign are a date that was not finished; no video is so long.
        if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            self.fail(
                f"{text!r} is neither a date (2026-05-01, 2026-05-01T18:30) nor a time into the video (1:30)",
                param,
                ctx,
            )
        at = datetime.fromtimestamp(Moment().convert(text, param, ctx), UTC)
        if self._end and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            # By the calendar: some days have 23 hours or 25.
            midnight = datetime.fromisoformat(text) + timedelta(days=1)
            at = midnight.astimezone(UTC) - timedelta(microseconds=1)
        return at
