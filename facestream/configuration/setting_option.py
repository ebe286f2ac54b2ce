"""Options of the command line that the settings file and environment variables can give as well."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from facestream.configuration.given_settings import GivenSettings, given_settings, variable_of
from facestream.configuration.settings import CONFIG_VARIABLE
from facestream.log_format import tell_warning

if TYPE_CHECKING:
    from collections.abc import Callable

_GIVEN = "facestream.configuration.given_settings"
_CONFIG = "facestream.config"


class SettingOption(click.Option):
    """An option that is a setting where it isn't typed.

    Args:
        setting: Key of the setting, those of tables as `camera.fps`.
        words: As for `click.Option`.
        more: As for `click.Option`. `show_envvar=False` where the help tells the variable by itself.
    """

    def __init__(self, *words: Any, setting: str, **more: Any) -> None:
        super().__init__(*words, envvar=variable_of(setting), **({"show_envvar": True} | more))
        self.setting = setting

    def value_from_envvar(self, ctx: click.Context) -> Any:
        """What the file or the environment says, which has been checked; None if neither does."""
        return None if ctx.resilient_parsing else settings_of(ctx).values.get(self.setting)


def setting_option(
    *words: str, setting: str, **more: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a command with a `SettingOption`."""
    return click.option(*words, cls=SettingOption, setting=setting, **more)


def settings_of(ctx: click.Context) -> GivenSettings:
    """What is set, looked up once for a command line; variables that are no settings are told then.

    Raises:
        SettingsError: With all that is wrong with it.
    """
    meta = ctx.find_root().meta
    if _GIVEN not in meta:
        meta[_GIVEN] = given_settings()
        for warning in meta[_GIVEN].warnings:
            tell_warning(str(warning))
    given: GivenSettings = meta[_GIVEN]
    return given


def heed_settings(ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
    """Callback of an option that all commands with settings have: what is wrong with those is said first."""
    if not ctx.resilient_parsing:
        settings_of(ctx)
    return value


def use_config(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """Callback of `--config`: for this command it is as if FACESTREAM_CONFIG said so."""
    if path is None or ctx.resilient_parsing:
        return
    if not path:
        raise click.BadParameter("name a settings file.", ctx, param)
    before = os.environ.get(CONFIG_VARIABLE)
    os.environ[CONFIG_VARIABLE] = path
    ctx.meta[_CONFIG] = path

    def restore() -> None:
        if before is None:
            os.environ.pop(CONFIG_VARIABLE, None)
        else:
            os.environ[CONFIG_VARIABLE] = before

    ctx.call_on_close(restore)


def typed_config() -> str | None:
    """What `--config` of the command line that runs in this thread says, or None."""
    ctx = click.get_current_context(silent=True)
    typed: str | None = None if ctx is None else ctx.find_root().meta.get(_CONFIG)
    return typed


def was_typed(ctx: click.Context, name: str) -> bool:
    """Whether an option stands on the command line, and is not by default or a setting."""
    return ctx.get_parameter_source(name) in (ParameterSource.COMMANDLINE, ParameterSource.PROMPT)
