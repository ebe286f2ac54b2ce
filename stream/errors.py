"""Everything that `stream` raises on purpose.

    StreamError
    ├── InvalidFrameError (ValueError)
    ├── SourceNotFoundError (FileNotFoundError)
    ├── SourceIsFolderError (IsADirectoryError)
    ├── SourceUnreadableError (OSError)
    │   └── SourcePermissionError (PermissionError)
    ├── SourceEmptyError (ValueError)
    ├── EmptyFolderError (ValueError)
    ├── VideoUnreadableError (ValueError)
    │   ├── VideoFormatRefusedError
    │   ├── NoVideoStreamError
    │   ├── NoFramesError
    │   ├── SeekMissedError
    │   └── VideoTooLargeError
    ├── PhotoUnreadableError (ValueError)
    │   └── PhotoTooLargeError
    ├── CameraUrlError (ValueError)
    └── CameraError
        ├── CameraUnreachableError (ConnectionError)
        ├── CameraLostError (ConnectionError)
        └── CameraRefusedError (ValueError)
            └── CameraLoginError
                └── CameraForbiddenError

Wrong arguments of a constructor (a negative frame rate, an end before the start) are plain `ValueError`s.
"""


class StreamError(Exception):
    """Root of all errors of this package.

    Attributes:
        source: The path or source id that the error is about, "" where none is known.
    """

    def __init__(self, message: str, source: str = "") -> None:
        super().__init__(message)
        self.source = source


class InvalidFrameError(StreamError, ValueError):
    """A picture has not the shape, type or layout that every `Frame` promises."""


class SourceNotFoundError(StreamError, FileNotFoundError):
    """There is no file or folder of that name."""


class SourceIsFolderError(StreamError, IsADirectoryError):
    """A folder was given where one file is wanted."""


class SourceUnreadableError(StreamError, OSError):
    """The file exists, but the operating system can't read it, or it is no regular file."""


class SourcePermissionError(SourceUnreadableError, PermissionError):
    """The file exists, but this user may not read it."""


class SourceChangedError(SourceUnreadableError):
    """A file was cut off or written over while it was read."""


class SourceEmptyError(StreamError, ValueError):
    """The file has no bytes."""


class EmptyFolderError(StreamError, ValueError):
    """A folder holds nothing that can be processed."""


class VideoUnreadableError(StreamError, ValueError):
    """The file is not a video, or is too damaged to be opened as one."""


class VideoFormatRefusedError(VideoUnreadableError):
    """The file is of a kind that is never opened, such as a playlist that names other files."""


class NoVideoStreamError(VideoUnreadableError):
    """The file can be opened but has sound, subtitles or a cover only."""


class NoFramesError(VideoUnreadableError):
    """Not one frame of the video could be decoded."""


class SeekMissedError(VideoUnreadableError):
    """A keyframe that was looked up is not where it was."""


class VideoTooLargeError(VideoUnreadableError):
    """The frames have more pixels than allowed."""


class ClipTooLargeError(StreamError, ValueError):
    """A stretch of a video has more bytes than may be copied."""


class PhotoUnreadableError(StreamError, ValueError):
    """The file is not a photo, is cut off, or is in a form that can't be shown in 8 bits."""


class PhotoTooLargeError(PhotoUnreadableError):
    """The photo has more pixels than allowed."""


class CameraUrlError(StreamError, ValueError):
    """A camera's URL can't be used, or a secret that it refers to is missing. The text repeats no secret."""


class CameraError(StreamError):
    """A camera gives no pictures, or no longer. No part of the URL stands in its text."""


class CameraUnreachableError(CameraError, ConnectionError):
    """No connection came about; trying again may help."""


class CameraLostError(CameraError, ConnectionError):
    """A connection that was there ended, or fell silent."""


class CameraRefusedError(CameraError, ValueError):
    """Only a person can mend it: a wrong password or path, no pictures, an unknown codec."""


class CameraLoginError(CameraRefusedError):
    """It refuses the user or the password; one that is asked too often may lock the account."""


class CameraForbiddenError(CameraLoginError):
    """It knows the user, who may not look, or not at this; or it has locked the account already."""
