from __future__ import annotations

from pathlib import Path

import pytest

from facestream.configuration.given_settings import given_settings, settings, variable_of
from facestream.configuration.settings_schema import fields
from facestream.errors import SettingsError

SECRET = "S3cret"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*map(variable_of, fields()), "FACESTREAM_CONFIG", "FACESTREAM_TEST_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_the_file_and_both_over_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("facestream.toml").write_text("fps = 3\nmin_face = 20\n[camera]\nfps = 4\nstall_s = 7\n")
    monkeypatch.setenv("FACESTREAM_FPS", "native")
    monkeypatch.setenv("FACESTREAM_CAMERA_FPS", "2.5")
    monkeypatch.setenv("FACESTREAM_CAMERA_KEYFRAMES_ONLY", "true")
    monkeypatch.setenv("FACESTREAM_COLLECTION", "")
    given, whole = given_settings(), settings()
    assert given.values == {
        "fps": "native",
        "min_face": 20,
        "camera.fps": 2.5,
        "camera.stall_s": 7,
        "camera.keyframes_only": True,
    }
    assert {key: str(origin) for key, origin in given.origins.items()} == {
        "fps": "FACESTREAM_FPS",
        "min_face": "facestream.toml:2",
        "camera.fps": "FACESTREAM_CAMERA_FPS",
        "camera.stall_s": "facestream.toml:5",
        "camera.keyframes_only": "FACESTREAM_CAMERA_KEYFRAMES_ONLY",
    }
    assert (whole.fps, whole.min_face, whole.samples, whole.collection) == ("native", 20, "best", "default")
    assert (whole.camera.fps, whole.camera.stall_s, whole.camera.transport) == (2.5, 7, "auto")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"FACESTREAM_FPS": "quick"},
            'FACESTREAM_FPS: fps must be a number above 0 and at most 1000, or "native", not "quick".',
        ),
        (
            {"FACESTREAM_CAMERA": "{"},
            "FACESTREAM_CAMERA: camera must be a table: [camera] with its settings below.",
        ),
        (
            {"FACESTREAM_CAMERA_FIRST_BACKOFF_S": "60"},
            "FACESTREAM_CAMERA_FIRST_BACKOFF_S: [camera] "
            "first_backoff_s must not be above longest_backoff_s.",
        ),
        (
            {"FACESTREAM_SAMPLES": f"rtsp://ada:{SECRET}@h/x"},
            'FACESTREAM_SAMPLES: samples must be "best" or "all", not "rtsp://ada:***@h/***".',
        ),
    ],
)
def test_what_is_wrong_in_the_environment_is_told_with_the_variable(
    variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        given_settings()
    assert str(caught.value) == said
    assert caught.value.__suppress_context__


def test_what_is_wrong_in_the_file_is_told_though_the_environment_hides_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("facestream.toml").write_text("fps = 'quick'\n")
    monkeypatch.setenv("FACESTREAM_FPS", "5")
    with pytest.raises(SettingsError, match=r"^facestream\.toml:1: fps must be"):
        given_settings()


def test_a_variable_that_is_no_setting_gets_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_TEST_DATA", "/data")
    monkeypatch.setenv("FACESTREAM_SECRET_KEY", SECRET)
    assert given_settings().warnings == ()
    monkeypatch.setenv("FACESTREAM_CAMERA_FSP", "3")
    monkeypatch.setenv("FACESTREAM_ZZZ", "3")
    assert [str(warning) for warning in given_settings().warnings] == [
        "FACESTREAM_CAMERA_FSP: there is no such setting; did you mean FACESTREAM_CAMERA_FPS?",
        "FACESTREAM_ZZZ: there is no such setting; docs/settings.md has all of them.",
    ]
    assert settings().camera.fps == 5


def test_no_repr_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESTREAM_REDIS", f"redis://:{SECRET}@host")
    assert SECRET not in repr(given_settings()) + repr(settings()) + str(settings())
    assert given_settings().text("redis") == f"redis://:{SECRET}@host"


def test_every_setting_has_a_variable_of_its_own() -> None:
    names = [variable_of(key) for key in fields()]
    assert len(set(names)) == len(names)
    assert variable_of("camera.stall_s") == "FACESTREAM_CAMERA_STALL_S"


@pytest.mark.parametrize("name", ["facestream_redis", "Facestream_Redis", "FACESTREAM_redis"])
def test_a_variable_in_small_letters_is_another_one_and_told_of(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("facestream.toml").write_text('redis = "redis://file"\n')
    monkeypatch.setenv(name, "redis://elsewhere")
    monkeypatch.setenv("facestream_camera_fps", "3")
    given = given_settings()
    assert given.values == {"redis": "redis://file"}
    assert str(given.origins["redis"]) == "facestream.toml:1"
    assert settings().camera.fps == 5
    assert {str(warning) for warning in given.warnings} == {
        f"{name}: it is not read; in capitals it is, as FACESTREAM_REDIS.",
        "facestream_camera_fps: it is not read; in capitals it is, as FACESTREAM_CAMERA_FPS.",
    }


def test_one_in_small_letters_is_told_of_without_a_file_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("facestream_redis", "redis://elsewhere")
    given = given_settings()
    assert (given.values, len(given.warnings)) == ({}, 1)
