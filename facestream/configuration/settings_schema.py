"""Every setting there is: its type, its default, and how it is explained.

Imported only where something is set that has to be looked at, since pydantic takes a while to load.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from facestream.configuration.serve_table import ServeTable
from facestream.configuration.setting_field import SECONDS, TABLE_CONFIG, Seconds, Text, setting
from facestream.configuration.settings import AUTO_DEVICE, DEFAULT_COLLECTION, VARIABLE_PREFIX
from storage.keys import Keys


def _device(written: str) -> str:
    from workers.models.device import Device

    return str(Device.parse(written))


def _collection(written: str) -> str:
    return Keys(written).collection


class CameraTable(BaseModel):
    """Table [camera]: what a camera is read with unless something else was said of that one."""

    model_config = TABLE_CONFIG

    fps: Annotated[float, Field(gt=0, le=25)] = setting(
        5.0, "Frames looked at per second.", "a number above 0 and at most 25"
    )
    min_face: Annotated[float, Field(ge=12, le=10000)] | None = setting(
        None, "Smallest face to look for, px; else by the size of the picture.", "a number from 12 to 10000"
    )
    transport: Literal["auto", "tcp", "udp"] = setting(
        "auto", "How RTSP brings the pictures.", '"auto", "tcp" or "udp"'
    )
    hwaccel: Annotated[str, Field(pattern="^[a-z0-9_]+$")] = setting(
        "none",
        "What decodes: none is the processor, auto the best there is; else FFmpeg's name of it.",
        '"none", "auto" or a name such as "cuda"',
    )
    keyframes_only: bool = setting(
        False, "Decode key frames alone, which costs little and sees seldom.", "true or false"
    )
    open_timeout_s: Seconds = setting(10.0, "How long a connection may take to open.", SECONDS)
    stall_s: Seconds = setting(10.0, "Without a frame for so long, a camera is connected anew.", SECONDS)
    first_backoff_s: Seconds = setting(1.0, "Longest wait before the first new try.", SECONDS)
    longest_backoff_s: Seconds = setting(30.0, "Longest wait before any new try.", SECONDS)

    @model_validator(mode="after")
    def _waits_grow(self) -> CameraTable:
        if self.first_backoff_s > self.longest_backoff_s:
            raise ValueError("first_backoff_s must not be above longest_backoff_s")
        return self


class WatchTable(BaseModel):
    """Table [watch]: how cameras are watched."""

    model_config = TABLE_CONFIG

    motion_gate: bool = setting(True, "Whether still pictures are looked at less often.", "true or false")
    longest_still_s: Seconds = setting(
        6.0, "A still picture is searched after so long all the same.", SECONDS
    )
    recluster_every_s: Seconds = setting(
        60.0, "While new faces come in, everything is grouped anew so often.", SECONDS
    )


class MetricsTable(BaseModel):
    """Table [metrics]: numbers for Prometheus, of commands that have no HTTP of their own."""

    model_config = TABLE_CONFIG

    port: Annotated[int, Field(ge=0, le=65535)] = setting(
        0,
        "Port on which `watch`, `worker`, `cluster-worker` and `run` answer /metrics, /healthz and /readyz; "
        "0: none.",
        "a whole number from 0 to 65535",
    )
    host: Text = setting(
        "127.0.0.1",
        "Address that this port is on. Nobody is asked for a token there.",
        "an address or a name",
    )


_Days = Annotated[float, Field(gt=0, le=36500)] | Literal["forever"] | None
_DAYS = 'a number of days above 0, or "forever"'


class RetentionTable(BaseModel):
    """Table [retention]: how long what was found is kept."""

    model_config = TABLE_CONFIG

    unnamed: _Days = setting(
        None, "People without a name, after they were last seen; cameras need it to be said.", _DAYS
    )
    named: _Days = setting(
        None, "People with a name, after they were last seen; cameras need it to be said.", _DAYS
    )
    sightings: _Days = setting(
        None, "Single tracks, whoever's they are, with their vectors and pictures; else forever.", _DAYS
    )
    pictures: _Days = setting(None, "Pictures of faces, while vectors stay; else forever.", _DAYS)
    streams: _Days = setting(
        None, "Entries of the streams `changes`, `faces`, `dead` and `reclusters`; else forever.", _DAYS
    )
    readers: _Days = setting(
        None, "Readers of `changes` or `faces` that are silent for longer hold nothing back; else 7.", _DAYS
    )
    files: bool | None = setting(
        None, "Whether this counts for videos and photos as well, and not for cameras alone.", "true or false"
    )


class SettingsTables(BaseModel):
    """What a settings file can say."""

    model_config = TABLE_CONFIG

    data_dir: Text | None = setting(
        None, "Data folder; else the user's. In a file, relative to that file.", "the path of a folder"
    )
    redis: SecretStr | None = setting(
        None,
        "A Redis or Valkey server of your own, or any node of a Redis Cluster, for the data folder's. It may "
        "hold a password.",
        "a URL such as redis://host:6379/0",
    )
    cache_dir: Text | None = setting(
        None,
        "Folder for models that are built on first use; else the user's. In a file, relative to that file.",
        "the path of a folder",
    )
    collection: Annotated[str, AfterValidator(_collection)] = setting(
        DEFAULT_COLLECTION,
        "Which set of people.",
        "a name of up to 64 letters, digits, dots, dashes and underscores, first a letter or digit",
    )
    models: Text | None = setting(
        None,
        "Model pack; else the collection's own, or `open`.",
        "the name or the folder of a model pack",
    )
    detector: Text | None = setting(
        None, "Detector instead of the pack's own.", "the name of a detector or of a pack"
    )
    embedder: Text | None = setting(
        None, "Embedder instead of the pack's own.", "the name of an embedder or of a pack"
    )
    device: Annotated[str, AfterValidator(_device)] = setting(
        AUTO_DEVICE,
        "What models run on.",
        '"auto", "cpu", "cuda", "cuda:1", "tensorrt", "openvino" or "coreml"',
    )
    fps: Annotated[float, Field(gt=0, le=1000)] | Literal["native"] = setting(
        5.0,
        "Frames looked at per second of a video; native for each.",
        'a number above 0 and at most 1000, or "native"',
    )
    min_face: Annotated[float, Field(ge=12, le=10000)] | None = setting(
        None,
        "Smallest face to look for, px; else 4 % of the shorter side, from 16 to 60.",
        "a number from 12 to 10000",
    )
    clustering: Literal["average", "dbscan", "hdbscan"] | None = setting(
        None,
        "How a collection groups tracks into people; else as it did, average for a new one.",
        '"average", "dbscan" or "hdbscan"',
    )
    samples: Literal["best", "all"] = setting(
        "best", "all: also send the embedding of every face to the stream `faces`.", '"best" or "all"'
    )
    look_limit_s: Seconds = setting(
        600.0,
        "Models that work on one frame for longer hang: their process ends with exit code 70.",
        SECONDS,
    )
    log_format: Literal["text", "json"] = setting(
        "text", "How log lines and errors look: json is one object a line.", '"text" or "json"'
    )
    camera: CameraTable = setting(CameraTable(), "Defaults for cameras.", "a table")
    watch: WatchTable = setting(WatchTable(), "How cameras are watched.", "a table")
    serve: ServeTable = setting(ServeTable(), "The HTTP API and the web page.", "a table")
    metrics: MetricsTable = setting(MetricsTable(), "Numbers for Prometheus.", "a table")
    retention: RetentionTable = setting(RetentionTable(), "How long what was found is kept.", "a table")


class Settings(SettingsTables, BaseSettings):
    """All settings: what is given to the constructor, and environment variables, which win.

    A variable is called FACESTREAM_, the key in capitals; one of a table FACESTREAM_CAMERA_FPS. One in small
    letters is another variable, and none of ours.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        hide_input_in_errors=True,
        extra="ignore",
        env_prefix=VARIABLE_PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        enable_decoding=False,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over what is given, which is what the file says."""
        assert isinstance(env_settings, EnvSettingsSource)
        # The source itself takes no notice of capitals, or else wants the keys as they stand in the file.
        env_settings.env_vars = {name.lower(): value for name, value in own_variables().items()}
        return env_settings, init_settings


def own_variables() -> dict[str, str]:
    """Variables of the environment that may be settings, by their names; an empty one is none."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(VARIABLE_PREFIX) and name.isupper() and value
    }


@cache
def fields() -> dict[str, FieldInfo]:
    """The settings by their keys, those of tables as `camera.fps`, in the order of the documentation."""
    return dict(_leaves(SettingsTables))


def tables() -> tuple[str, ...]:
    """Names of the tables."""
    return tuple(name for name, field in SettingsTables.model_fields.items() if _table_of(field))


def accepts(key: str) -> str:
    """What a setting takes, as it is said in an error."""
    extra = (fields().get(key) or SettingsTables.model_fields[key]).json_schema_extra
    assert isinstance(extra, dict)
    return str(extra["accepts"])


def is_secret(key: str) -> bool:
    """Whether the value of a setting must not be shown."""
    annotation = fields()[key].annotation
    return annotation is SecretStr or SecretStr in get_args(annotation)


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        table = _table_of(field)
        if table is None:
            yield prefix + name, field
        else:
            yield from _leaves(table, f"{prefix}{name}.")


def _table_of(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
