import os
from pathlib import Path

import pytest
from unprivileged import unprivileged

from stream.errors import (
    SourceEmptyError,
    SourceIsFolderError,
    SourceNotFoundError,
    SourcePermissionError,
    SourceUnreadableError,
    StreamError,
)
from stream.local_file import open_local


def test_opens_at_the_beginning_through_links(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("a")
    with open_local(tmp_path / "link") as file:
        assert file.read() == b"abc"


def test_each_trouble_has_its_error_with_the_path(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "file").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    troubles: dict[str, type[StreamError]] = {
        "none": SourceNotFoundError,
        "file/inside": SourceNotFoundError,
        "": SourceIsFolderError,
        "pipe": SourceUnreadableError,
        "loop": SourceUnreadableError,
        "null\0byte": SourceUnreadableError,
        "empty": SourceEmptyError,
    }
    for name, kind in troubles.items():
        path = tmp_path / name
        with pytest.raises(kind) as caught:
            open_local(path)
        assert repr(str(path)) in str(caught.value)
        assert caught.value.source == str(path)


def test_forbidden_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    path.chmod(0)
    with unprivileged(tmp_path), pytest.raises(SourcePermissionError, match="permissions"):
        open_local(path)
