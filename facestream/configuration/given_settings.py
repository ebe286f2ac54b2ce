"""What the settings file and the environment say, each with where it says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facestream.configuration.settings import CONFIG_VARIABLE, VARIABLE_PREFIX, settings_path
from facestream.configuration.settings_problem import Origin, Problem

if TYPE_CHECKING:
    from facestream.configuration.settings_schema import Settings

# Read elsewhere, or by nobody but tests.
_NO_SETTINGS = (
    CONFIG_VARIABLE,
    "FACESTREAM_SECRET_KEY",
    "FACESTREAM_DATA_KEY",
    "FACESTREAM_DATA_KEY_FILE",
    "FACESTREAM_SECRET_KEY_FILE",
    "FACESTREAM_TEST_DATA",
)
# Texts that may be anything: where nothing else is set, pydantic need not be loaded.
_TEXTS = {"FACESTREAM_DATA_DIR": "data_dir", "FACESTREAM_REDIS": "redis", "FACESTREAM_CACHE_DIR": "cache_dir"}


@dataclass(frozen=True, slots=True)
class GivenSettings:
    """What was set, and nothing that is so by default.

    Attributes:
        path: The settings file, or None.
        values: What is set by its key, those of tables as `camera.fps`. May hold secrets.
        origins: Where it is set.
        warnings: Variables of the environment that are no settings.
    """

    path: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()

    def text(self, key: str) -> str | None:
        """A setting as text, or None if it is not set."""
        value = self.values.get(key)
        return None if value is None else str(value)


def given_settings() -> GivenSettings:
    """What is set now: by the file, and by the environment, which wins.

    Raises:
        SettingsError: With all that is wrong with it.
    """
    path, variables = settings_path(), _variables()
    if path is None and variables.keys() <= _TEXTS.keys():
        values = {_TEXTS[name]: value for name, value in variables.items()}
        origins = {_TEXTS[name]: Origin(variable=name) for name in variables}
        return GivenSettings(values=values, origins=origins)
    return _checked(path, variables)[0]


def settings() -> Settings:
    """All settings with their defaults.

    Raises:
        SettingsError: With all that is wrong with what is set.
    """
    return _checked(settings_path(), _variables())[1]


def variable_of(key: str) -> str:
    """The environment variable of a setting."""
    return VARIABLE_PREFIX + key.replace(".", "_").upper()


def _variables() -> dict[str, str]:
    """Variables that are set and may be settings, or are called like one; an empty one is none."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper().startswith(VARIABLE_PREFIX) and name not in _NO_SETTINGS and value
    }


def _checked(path: Path | None, variables: Mapping[str, str]) -> tuple[GivenSettings, Settings]:
    if path is None:
        return _check(None, "", "", tuple(variables.items()))
    from facestream.configuration.settings_file import settings_text

    # What the file's paths hang on: its folder, and whose home it is.
    around = f"{path.absolute()}\n{os.environ.get('HOME')}"
    return _check(path, settings_text(path), around, tuple(variables.items()))


# A command asks some ten times for the same.
@lru_cache(maxsize=1)
def _check(
    path: Path | None,
    text: str,
    around: str,  # noqa: ARG001 - part of the key
    given: tuple[tuple[str, str], ...],
) -> tuple[GivenSettings, Settings]:
    from pydantic import SecretStr, ValidationError

    from facestream.configuration.settings_file import SettingsFile, wrong_values
    from facestream.configuration.settings_schema import Settings, fields
    from facestream.errors import SettingsError

    file = SettingsFile({}, {}) if path is None else SettingsFile.parse(path, text)
    variables = dict(given)
    known = {variable_of(key): key for key in fields()}
    origins = {**file.origins}
    origins |= {known[name]: Origin(variable=name) for name in variables if name in known}
    try:
        whole = Settings(**file.table)
    except ValidationError as error:
        # The file alone was found without fault.
        raise SettingsError(
            [Problem(_guilty(key, origins), said) for key, said in wrong_values(error)]
        ) from None
    values = {}
    for key in origins:
        value: Any = whole
        for name in key.split("."):
            value = getattr(value, name)
        values[key] = value.get_secret_value() if isinstance(value, SecretStr) else value
    warnings = tuple(_no_setting(name, known) for name in sorted(variables.keys() - known.keys()))
    return GivenSettings(path, values, origins, warnings), whole


def _guilty(key: str, origins: Mapping[str, Origin]) -> Origin:
    """The variable by which a setting or a table became wrong."""
    within = (
        origin
        for name, origin in origins.items()
        if origin.variable and (name == key or name.startswith(f"{key}."))
    )
    return next(within, Origin(variable=variable_of(key)))


def _no_setting(name: str, known: Mapping[str, str]) -> Problem:
    from workers.models.near_name import nearest

    if name.upper() in (*known, *_NO_SETTINGS):
        return Problem(Origin(variable=name), f"it is not read; in capitals it is, as {name.upper()}.")
    # The prefix, which all have, makes no two of them alike.
    like = nearest(name.removeprefix(VARIABLE_PREFIX), [n.removeprefix(VARIABLE_PREFIX) for n in known])
    meant = f"did you mean {VARIABLE_PREFIX}{like}?" if like else "docs/settings.md has all of them."
    return Problem(Origin(variable=name), f"there is no such setting; {meant}")
