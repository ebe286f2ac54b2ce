"""Cameras from a file: all that is wrong with it is found, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facestream.cameras.area import parse_area
from facestream.cameras.camera_wish import HWACCEL, CameraWish
from facestream.configuration.settings_file import settings_text
from facestream.configuration.settings_problem import Origin, Problem
from facestream.configuration.toml_text import TomlSyntaxError, TomlText, lines_in_array
from facestream.errors import SettingsError
from storage.camera_record import HIGHEST_FPS, LARGEST_FACE_PX, SMALLEST_FACE_PX
from storage.keys import check_camera_name
from storage.polygon import Polygon, check_polygon
from stream.camera_url import CameraUrl
from workers.models.near_name import nearest

_WORD = re.compile(r"[A-Za-z0-9_-]{1,40}")
_FIELDS = {"min_face": "min_face_px"}


def read_cameras(path: Path, usual: Mapping[str, Any]) -> dict[str, CameraWish]:
    """Read a file of cameras: TOML with a table ``[[camera]]`` for each.

    Args:
        path: The file.
        usual: Settings of a camera of which nothing else is said.

    Returns:
        What the cameras are to be, by name.

    Raises:
        SettingsError: With all that is wrong.
    """
    text = settings_text(path)
    try:
        document = TomlText.parse(text)
    except TomlSyntaxError as error:
        # What it says may repeat what stands there.
        raise SettingsError(
            [
                Problem(
                    Origin(path, error.line), "this is not TOML; texts such as URLs need quotes around them."
                )
            ]
        ) from None
    problems = [
        Problem(Origin(path, document.lines[(key,)]), f"there is no {_shown(key)} here, only [[camera]].")
        for key in document.table
        if key != "camera"
    ]
    tables = document.table.get("camera", [])
    lines = lines_in_array(text, "camera")
    if not isinstance(tables, list) or len(lines) != len(tables):
        line = document.lines[("camera",)]
        raise SettingsError([Problem(Origin(path, line), "cameras are tables with the header [[camera]].")])
    if not tables and not problems:
        raise SettingsError([Problem(Origin(path), "there is no [[camera]] in it.")])
    found: dict[str, CameraWish] = {}
    first: dict[str, int] = {}
    for table, places in zip(tables, lines, strict=True):
        camera = _Camera(path, table, places)
        wish = camera.wish(usual)
        problems += camera.problems
        if camera.name in first:
            problems.append(
                Problem(
                    Origin(path, places["name"]),
                    f"there is a camera {camera.name!r} in line {first[camera.name]} already.",
                )
            )
        elif camera.name:
            first[camera.name] = places["name"]
            found[camera.name] = wish
    if problems:
        raise SettingsError(sorted(problems, key=lambda problem: problem.origin.line or 0))
    return found


@dataclass(slots=True)
class _Camera:
    """One table, and what is wrong with it."""

    path: Path
    table: Mapping[str, Any]
    lines: Mapping[str, int]
    problems: list[Problem] = field(default_factory=list)
    name: str = ""

    def wish(self, usual: Mapping[str, Any]) -> CameraWish:
        for key in self.table.keys() - set(_KEYS):
            like = nearest(key, _KEYS)
            meant = f"did you mean {like}?" if like else f"there are {', '.join(_KEYS)}."
            self._problem(key, f"a camera has no {_shown(key)}; {meant}")
        for key in ("name", "url"):
            if key not in self.table:
                self._problem("", f"this camera has no {key}.")
        name: str | None = self._value("name", _name)
        self.name = name or ""
        said = {
            _FIELDS.get(key, key): self._value(key, read)
            for key, read in _SETTINGS.items()
            if key in self.table
        }
        return CameraWish(
            self._value("url", _url),
            self._value("sub_url", _url),
            self._value("zones", _areas) or (),
            self._value("masks", _areas) or (),
            {**usual, **said},
        )

    def _value(self, key: str, read: Callable[[Any], Any]) -> Any:
        if key not in self.table:
            return None
        try:
            return read(self.table[key])
        except ValueError as error:
            self._problem(key, f"{error}" if str(error).endswith(".") else f"{key}: {error}.")
            return None

    def _problem(self, key: str, said: str) -> None:
        self.problems.append(Problem(Origin(self.path, self.lines.get(key, self.lines[""])), said))


def _name(value: Any) -> str:
    name = _text(value)
    check_camera_name(name)
    return name


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be a text, in quotes")  # noqa: TRY004 - a value of a file, not of Python
    return value


def _url(value: Any) -> CameraUrl:
    return CameraUrl.parse(_text(value))


def _number(low: float, high: float, what: str) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"it must be {what}")
        return float(value)

    return read


def _choice(*choices: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"it must be {', '.join(choices[:-1])} or {choices[-1]}")
        return str(value)

    return read


def _decoder(value: Any) -> str:
    if not (isinstance(value, str) and HWACCEL.fullmatch(value)):
        raise ValueError("it must be none, auto or FFmpeg's name of a device, such as cuda")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it must be true or false")  # noqa: TRY004 - a value of a file, not of Python
    return value


def _areas(value: Any) -> tuple[Polygon, ...]:
    if not isinstance(value, list):
        raise ValueError('it must be a list of areas, such as ["0,0 1,0 1,1 0,1"]')  # noqa: TRY004 - as above
    return tuple(_numbered(value))


def _numbered(values: list[Any]) -> Iterator[Polygon]:
    for number, value in enumerate(values, 1):
        try:
            yield parse_area(value) if isinstance(value, str) else _pairs(value)
        except ValueError as error:
            raise ValueError(f"number {number} is no area: {error}") from None


def _pairs(value: Any) -> Polygon:
    try:
        polygon = tuple((float(x), float(y)) for x, y in value)
    except (TypeError, ValueError):
        raise ValueError('it must be a text "x,y x,y x,y" or a list of [x, y]') from None
    check_polygon(polygon)
    return polygon


_SETTINGS: Mapping[str, Callable[[Any], Any]] = {
    "fps": _number(1e-3, HIGHEST_FPS, f"a number above 0 and at most {HIGHEST_FPS:g}"),
    "min_face": _number(
        SMALLEST_FACE_PX, LARGEST_FACE_PX, f"a number from {SMALLEST_FACE_PX} to {LARGEST_FACE_PX}"
    ),
    "transport": _choice("auto", "tcp", "udp"),
    "hwaccel": _decoder,
    "keyframes_only": _flag,
}

_KEYS = ("name", "url", "sub_url", "zones", "masks", *_SETTINGS)


def _shown(key: str) -> str:
    # What somebody pasted into the wrong place may be a secret, and is no word.
    return key if _WORD.fullmatch(key) else "***"
