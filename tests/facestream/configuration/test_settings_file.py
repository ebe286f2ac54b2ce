"""All that can be wrong with a settings file is found and told with its line, and no secret is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from facestream.configuration.settings_file import SettingsFile
from facestream.errors import SettingsError

SECRET = "S3cret"


def problems(path: Path, content: str | bytes) -> list[str]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SettingsError) as caught:
        SettingsFile.read(path)
    said = str(caught.value)
    assert SECRET not in said
    assert said.count("\n") + 1 == len(caught.value.problems)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def test_all_faults_are_told_in_the_order_of_their_lines(tmp_path: Path) -> None:
    content = '[watch]\nmotion_gate = 1\n\n[camera]\nfsp = 5\nfps = "5"\n'
    assert problems(tmp_path / "f.toml", content) == [
        "2: watch.motion_gate must be true or false, not 1.",
        "5: there is no setting camera.fsp; did you mean fps?",
        '6: camera.fps must be a number above 0 and at most 25, not "5".',
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("data-dir = 'x'", "1: there is no setting data-dir; did you mean data_dir?"),
        ("Fps = 5", "1: there is no setting Fps; did you mean fps?"),
        ("stall_s = 5", "1: there is no setting stall_s; did you mean stall_s in [camera]?"),
        ("stalls = 5", "1: there is no setting stalls; did you mean stall_s in [camera]?"),
        (
            "[camera]\nredis = 'x'",
            "2: there is no setting camera.redis; did you mean redis outside of any table?",
        ),
        ("quite_other = 5", "1: there is no setting quite_other. docs/settings.md has all of them."),
        ('"camera.fps" = 5', "1: there is no setting ***. docs/settings.md has all of them."),
        ("\n[cammera]\nfps = 5", "2: there is no table [cammera]; did you mean [camera]?"),
        (
            "[whatever]",
            "1: there is no table [whatever]. There are [camera], [watch], [serve], [metrics] and "
            "[retention].",
        ),
        ("camera = 3", "1: camera must be a table: [camera] with its settings below."),
        ("[[camera]]\nfps = 5", "1: camera must be a table: [camera] with its settings below."),
        ("[fps]\nx = 1", '1: fps must be a number above 0 and at most 1000, or "native", not a table.'),
        ("fps = true", '1: fps must be a number above 0 and at most 1000, or "native", not true.'),
        ("fps = 0", '1: fps must be a number above 0 and at most 1000, or "native", not 0.'),
        ("fps = nan", '1: fps must be a number above 0 and at most 1000, or "native", not nan.'),
        ("min_face = [24]", "1: min_face must be a number from 12 to 10000, not an array."),
        ("data_dir = 2026-01-01", "1: data_dir must be the path of a folder, not a time."),
        ('data_dir = "a\\u0000"', '1: data_dir must be the path of a folder, not "a\\u0000".'),
        (
            "collection = 'a/b'",
            "1: collection must be a name of up to 64 letters, digits, dots, dashes and underscores, first a "
            'letter or digit, not "a/b".',
        ),
        ("data_dir = ''", '1: data_dir must be the path of a folder, not "".'),
        (
            "device = 'gpu'",
            '1: device must be "auto", "cpu", "cuda", "cuda:1", '
            '"tensorrt", "openvino" or "coreml", not "gpu".',
        ),
        (
            "camera.first_backoff_s = 40",
            "1: [camera] first_backoff_s must not be above longest_backoff_s.",
        ),
        ("fps = 5\nfps = 6", "2: this is not TOML: cannot overwrite a value."),
        (b"fps = 5\ncollection = '\xff'", "2: this is not UTF-8 text; save the file in that encoding."),
        (f"redis = ['{SECRET}']", "1: redis must be a URL such as redis://host:6379/0."),
        (
            f"samples = 'redis://:{SECRET}@host/0'",
            '1: samples must be "best" or "all", not "redis://:***@host/0".',
        ),
        (f"'redis://:{SECRET}@host/0' = 1", "1: there is no setting ***. docs/settings.md has all of them."),
        (f"redis = '{SECRET}", "1: this is not TOML: "),
    ],
)
def test_a_fault_is_told_with_what_was_meant(tmp_path: Path, content: str | bytes, said: str) -> None:
    (problem,) = problems(tmp_path / "f.toml", content)
    assert problem.startswith(said)
    assert problem == said or said.endswith(" ")


def test_what_is_no_file_that_can_be_read_is_told(tmp_path: Path) -> None:
    def said(path: Path) -> str:
        with pytest.raises(SettingsError) as caught:
            SettingsFile.read(path)
        return str(caught.value).removeprefix(f"{path}: ")

    assert said(tmp_path) == "this is a folder; name the file in it."
    assert said(tmp_path / "none.toml") == "there is no such file."
    assert said(tmp_path / ("x" * 300)) == "can't be read: file name too long."
    (tmp_path / "loop").symlink_to("loop")
    assert said(tmp_path / "loop").startswith("can't be read: ")
    large = tmp_path / "large"
    large.write_bytes(b"#" * (1 << 16) + b"\n")
    assert said(large) == "this is too large (over 64 KiB)."


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = tmp_path / "f.toml"
    path.touch(0o000)
    with pytest.raises(SettingsError, match="can't be read: permission denied"):
        SettingsFile.read(path)


def test_paths_are_relative_to_the_file_and_keys_know_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    path = tmp_path / "f.toml"
    path.write_bytes("\ufeffdata_dir = 'a/b'\r\ncache_dir = '~/c'\r\n\r\n[camera]\r\nfps = 3\r\n".encode())
    file = SettingsFile.read(path)
    assert file.table == {
        "data_dir": str(tmp_path / "a/b"),
        "cache_dir": "/home/ada/c",
        "camera": {"fps": 3},
    }
    assert {key: origin.line for key, origin in file.origins.items()} == {
        "data_dir": 1,
        "cache_dir": 2,
        "camera.fps": 5,
    }
