"""Whatever is typed, the command line does it or says what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from fuzzing import slowly_fuzzed
from hypothesis import given
from hypothesis import strategies as st

from facestream.__main__ import main
from facestream.cli import cli
from storage.connection import open_redis
from storage.datafolder import DataFolder

# They go on until somebody ends them, look into this machine, use the network or take long.
_LEFT_OUT = {"watch", "serve", "worker", "cluster-worker", "demo", "doctor", "calibrate", "models", "redis"}


def _commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and (path or name not in _LEFT_OUT):
                yield from _commands(inner, (*path, name))
    if path:
        yield path, command


COMMANDS = dict(_commands(cli))
OPTIONS = {
    path: sorted(
        {name for param in command.params for name in (*param.opts, *param.secondary_opts) if name[0] == "-"}
    )
    for path, command in COMMANDS.items()
}
_VALUES = st.sampled_from(
    [
        *(
            "p1",
            "p0",
            "p99999999999999999999",
            "-1",
            "0",
            "1",
            "1e999",
            "nan",
            "",
            "-",
            "--",
            "..",
            "/",
            "*",
            "?",
            "[",
        ),
        *(
            "a,b",
            "1:2",
            "0:00:99",
            "2024-01-01",
            "9999-12-31T23:59",
            "-1d",
            "1y",
            "today",
            "door",
            "nobody",
            "\x00",
        ),
        *(
            "redis://",
            "rtsp://u:S3cret@",
            "http://127.0.0.1:1",
            "{env:X}",
            "0,0 1,1",
            "50%,50% 0,0 9,9",
            "cuda:99",
        ),
        *(
            "1-1",
            "t1",
            "v-1.0.0",
            "c-door",
            "\u202e",
            "\udcff",
            "x" * 5000,
            "w0123456789ab",
            "json",
            "csv",
            "forever",
        ),
    ]
) | st.text(max_size=12)


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    path = draw(st.sampled_from(sorted(COMMANDS)))
    words = draw(st.lists(st.sampled_from(OPTIONS[path]) | _VALUES, max_size=5))
    return [*path, *words]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder, above a data folder whose server is kept up."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with open_redis(None, DataFolder(tmp_path / "data")):
        yield tmp_path


@slowly_fuzzed
@given(words=command_lines())
def test_it_is_done_or_what_is_wrong_is_said(
    folder: Path, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert folder.is_dir()
    with pytest.raises(SystemExit) as left:
        main([word.replace("/", f"{folder}/") if word == "/" else word for word in words])
    said = capfd.readouterr()
    assert left.value.code in (0, 1, 2, None), said
    assert "fault of facestream" not in said.err, said.err
    assert "Traceback" not in said.err or "--debug" in words
    assert not left.value.code or said.err or said.out
    assert "S3cret" not in said.err + said.out
