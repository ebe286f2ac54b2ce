"""What the application says when it can't go on.

FacestreamError
├── UsageError
├── NotFoundError
└── NoFaceError
"""

from __future__ import annotations


class FacestreamError(Exception):
    """Root of the application's own errors."""


class UsageError(FacestreamError):
    """Something was asked for in a way that can't be carried out; the message says how to ask."""


class NotFoundError(FacestreamError):
    """What was asked for does not exist.

    Attributes:
        what: The id that was asked for.
    """

    def __init__(self, message: str, *, what: str) -> None:
        super().__init__(message)
        self.what = what


class NoFaceError(FacestreamError):
    """A photo that is to be searched with or compared shows no face.

    Attributes:
        photo: Its path.
    """

    def __init__(self, message: str, *, photo: str) -> None:
        super().__init__(message)
        self.photo = photo
