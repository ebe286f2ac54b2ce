import pickle
import subprocess
import sys

import pytest

from stream import errors

ALL = [value for value in vars(errors).values() if isinstance(value, type)]


@pytest.mark.parametrize("kind", ALL)
def test_every_error_has_the_root_and_keeps_its_text_and_source(kind: type[errors.StreamError]) -> None:
    error = kind("what, where, what to do", "a.mp4")
    assert isinstance(error, errors.StreamError)
    assert str(error) == "what, where, what to do"
    assert error.source == "a.mp4"


@pytest.mark.parametrize("kind", ALL)
def test_every_error_survives_the_way_to_another_process(kind: type[errors.StreamError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("text", "a.mp4")))
    assert (type(copy), str(copy), copy.source) == (kind, "text", "a.mp4")


def test_importing_the_package_loads_no_codec_library() -> None:
    code = "import stream, sys; sys.exit(any(m in sys.modules for m in ('av', 'PIL', 'numpy', 'cv2')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
