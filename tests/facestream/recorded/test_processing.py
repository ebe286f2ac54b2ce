"""Files from Python: how they may be given, and what is said where they can't be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import facestream
from facestream.errors import UsageError
from stream.errors import SourceNotFoundError, StreamError


@pytest.mark.parametrize("paths", [["a.mp4", "b.mp4"], ("a.mp4", Path("b.mp4")), iter(["a.mp4", "b.mp4"])])
def test_paths_may_be_given_in_a_list(paths: Any, tmp_path: Path) -> None:
    with pytest.raises(StreamError, match=r"(?s)'a.mp4' doesn't exist.*'b.mp4' doesn't exist"):
        facestream.process(paths, data_dir=tmp_path / "data")


@pytest.mark.parametrize("given", [5, None, b"a.mp4", {"a.mp4": 1}, [["a.mp4"], 5], []])
def test_what_is_no_path_is_said_so(given: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"process\(\) was given"):
        facestream.process(given, data_dir=tmp_path / "data")


def test_a_file_that_isnt_there_is_the_same_error_wherever_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"'nix\.mp4' doesn't exist"):
        facestream.process("nix.mp4", data_dir=tmp_path / "data")
    with facestream.connect(tmp_path / "data") as store, pytest.raises(SourceNotFoundError):
        store.find("nix.jpg")
