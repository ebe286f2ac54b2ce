"""A regular, readable, non-empty file, opened."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from stream.errors import (
    SourceEmptyError,
    SourceIsFolderError,
    SourceNotFoundError,
    SourcePermissionError,
    SourceUnreadableError,
)


def open_local(path: Path) -> BinaryIO:
    """Open a file for reading bytes, or say in one sentence why that can't be.

    Devices, pipes and sockets are refused: reading them may never end.

    Args:
        path: The file; names with any characters are fine, links are followed.

    Returns:
        The open file at position 0; the caller closes it.

    Raises:
        SourceNotFoundError: If there is no such file.
        SourceIsFolderError: If it is a folder.
        SourcePermissionError: If this user may not read it.
        SourceUnreadableError: If it is no regular file or the operating system fails to open it.
        SourceEmptyError: If it has no bytes.
    """
    source = str(path)
    try:
        status = path.stat()
        # Opening a pipe would wait for its writer, so the kind is looked at first.
        file = path.open("rb") if stat.S_ISREG(status.st_mode) else None
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceNotFoundError(
            f"{source!r} doesn't exist (looked in {os.fspath(Path.cwd())!r}); check the spelling", source
        ) from error
    except PermissionError as error:
        raise SourcePermissionError(
            f"{source!r} may not be read by this user; check its permissions and those of its folders", source
        ) from error
    except (OSError, ValueError) as error:
        # ValueError: a null byte in the name.
        raise SourceUnreadableError(f"{source!r} can't be opened: {error}", source) from error
    if file is None:
        if stat.S_ISDIR(status.st_mode):
            raise SourceIsFolderError(f"{source!r} is a folder, not a file; name the files inside it", source)
        raise SourceUnreadableError(
            f"{source!r} is a device, pipe or socket, not a file; copy its data into a file first", source
        )
    if status.st_size == 0:
        file.close()
        raise SourceEmptyError(
            f"{source!r} is empty (0 bytes); was its recording or download interrupted?", source
        )
    return file
