"""What the application says when it can't go on.

FacestreamError
├── UsageError
│   └── SettingsError
├── NotFoundError
│   └── ForgottenError
├── NoFaceError
├── BusyError
├── SourceBusyError
├── DecisionError
├── RefusedError
└── LabelError
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facestream.configuration.settings_problem import Problem


class FacestreamError(Exception):
    """Root of the application's own errors."""


class UsageError(FacestreamError):
    """Something was asked for in a way that can't be carried out; the message says how to ask."""


class SettingsError(UsageError):
    """Settings can't be used as they are.

    Attributes:
        problems: All that is wrong, each with its place.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class ClosedError(FacestreamError):
    """Something was asked of a store that was closed.

    Attributes:
        collection: Its collection.
    """

    def __init__(self, collection: str) -> None:
        super().__init__(f"the store of collection {collection!r} was closed; connect again.")
        self.collection = collection


class NotFoundError(FacestreamError):
    """What was asked for does not exist.

    Attributes:
        what: The id that was asked for.
    """

    def __init__(self, message: str, *, what: str) -> None:
        super().__init__(message)
        self.what = what


class ForgottenError(NotFoundError):
    """Who was asked for was forgotten."""


class NoFaceError(FacestreamError):
    """A photo that is to be searched with or compared shows no face.

    Attributes:
        photo: Its path.
    """

    def __init__(self, message: str, *, photo: str) -> None:
        super().__init__(message)
        self.photo = photo


class BusyError(FacestreamError):
    """Something can't be answered right now, and can be a little later.

    Attributes:
        retry_after_s: When to ask again.
    """

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SourceBusyError(FacestreamError):
    """Another process is looking at a video or photo right now.

    Attributes:
        source_id: The source that it is.
    """

    def __init__(self, message: str, source_id: str) -> None:
        super().__init__(message)
        self.source_id = source_id


class DecisionError(FacestreamError):
    """A decision contradicts an earlier one.

    Attributes:
        earlier: Number of that one.
    """

    def __init__(self, message: str, *, earlier: int) -> None:
        super().__init__(message)
        self.earlier = earlier


class RefusedError(FacestreamError):
    """What somebody else asks this server for isn't done, at least now.

    Attributes:
        kind: "forbidden" for a path that may not be read, "missing" for one that leads nowhere, "too_large",
            "no_room" on the disk, "busy" with others, "not_media" for what is no video and no photo, or
            "running" for a job that can't be removed yet.
    """

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class LabelError(FacestreamError):
    """Labels of faces can't be used as they are.

    Attributes:
        path: The file or folder that holds them.
    """

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path
