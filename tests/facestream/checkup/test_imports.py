from __future__ import annotations

import sys
from pathlib import Path

import pytest

from facestream.checkup.imports import broken_imports, location


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules can be imported."""
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])
    return tmp_path


def test_sound_modules_are_not_named() -> None:
    assert broken_imports(["json", "numpy"]) == {}


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ('raise ImportError("libGL.so.1: no such file")', "ImportError: libGL.so.1: no such file"),
        ('raise ImportError("\\n\\n first \\nsecond")', "ImportError: first"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ('print("hello")\nraise RuntimeError("é")', "RuntimeError: é"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("def", "SyntaxError: invalid syntax (wheel.py, line 1)"),
        ("import os\nos.abort()", "its import crashes Python (SIGABRT)"),
        ("import os\nos._exit(7)", "its import ends Python with status 7"),
    ],
)
def test_a_module_that_can_t_be_imported_comes_with_the_reason(
    modules: Path, program: str, reason: str
) -> None:
    (modules / "wheel.py").write_text(program)

    assert broken_imports(["json", "wheel"]) == {"wheel": reason}


def test_a_long_story_is_cut(modules: Path) -> None:
    (modules / "wheel.py").write_text('raise ValueError("x" * 100_000)')

    assert len(broken_imports(["wheel"])["wheel"]) <= 300


def test_what_a_module_does_at_the_end_of_python_is_not_its_import(modules: Path) -> None:
    (modules / "wheel.py").write_text("import atexit, os\natexit.register(os.abort)\nprint('loud')\n")

    assert broken_imports(["wheel"]) == {}


def test_a_module_is_found_without_being_imported(modules: Path) -> None:
    (modules / "wheel.py").write_text('raise RuntimeError("imported")')
    (modules / "folder").mkdir()
    (modules / "folder" / "__init__.py").write_text('raise RuntimeError("imported")')

    assert location("wheel") == modules / "wheel.py"
    assert location("folder") == modules / "folder"
    assert location("nowhere") is None
