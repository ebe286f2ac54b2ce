from __future__ import annotations

import gc
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import scenes
from command_runs import Cli, Done, Processed, made_once

from facestream.__main__ import main
from facestream.configuration.settings import Place
from facestream.wiring import open_handle
from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder

# What a developer's shell may hold and would change what is printed.
_UNWANTED = {
    "FORCE_COLOR",
    "NO_COLOR",
    "COLUMNS",
    "LINES",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "PYTHONWARNINGS",
}


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One FACESTREAM_CACHE_DIR for all xdist workers, which may well build models at the same time."""
    return tmp_path_factory.getbasetemp().parent


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> dict[str, str]:
    """Variables of processes: nothing of the person's own folders and servers."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _UNWANTED and not name.startswith(("FACESTREAM_", "XDG_"))
    }
    home = tmp_path_factory.mktemp("home")
    return kept | {
        "HOME": str(home),
        "FACESTREAM_CACHE_DIR": str(cache_dir),
        "TZ": "UTC0",
        "TERM": "xterm",
        # Cameras need it to be said.
        "FACESTREAM_RETENTION_UNNAMED": "forever",
        "FACESTREAM_RETENTION_NAMED": "forever",
    }


@pytest.fixture(scope="session")
def shared_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test run, which all xdist workers have in common."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def media(shared_dir: Path) -> Path:
    """A folder with duo.mp4 and again.mp4, and photos/ in it."""

    def make(folder: Path) -> None:
        scenes.video(folder, "duo.mp4", scenes.DUO)
        scenes.video(folder, "again.mp4", scenes.AGAIN)
        scenes.photos(folder / "photos")

    return made_once(shared_dir / "media", make)


@pytest.fixture(scope="session")
def long_video(shared_dir: Path) -> Path:
    """The twelve seconds of `scenes.LONG`, which are as much work to make as to look at."""
    folder = made_once(shared_dir / "long", lambda folder: scenes.video(folder, "long.mp4", scenes.LONG))
    return folder / "long.mp4"


@pytest.fixture
def make_cli(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> Iterator[Callable[[], Cli]]:
    """Makes command lines over data folders of their own."""
    made: list[Cli] = []

    def make() -> Cli:
        # Short: the path of a unix socket has at most 107 characters.
        made.append(Cli(tmp_path_factory.mktemp("fs") / "data", environment))
        return made[-1]

    yield make
    for cli in made:
        cli.end_all()


@pytest.fixture
def cli(make_cli: Callable[[], Cli]) -> Cli:
    """A command line over an empty data folder."""
    return make_cli()


@pytest.fixture
def here(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    tmp_path: Path,
) -> Iterator[Callable[..., Done]]:
    """The command line in this very process: quick, for what is said before any work begins."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(tmp_path / "data"))
    root, thresholds = logging.getLogger(), gc.get_threshold()
    handlers, level = root.handlers[:], root.level
    # A command that goes on says less of what it tells anyhow, in its own process for good.
    levels = {
        name: log.level for name, log in root.manager.loggerDict.items() if isinstance(log, logging.Logger)
    }

    def call(*words: str | Path, code: int = 0) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        done = Done(int(left.value.code or 0), *capsys.readouterr())
        assert done.code == code, f"{words}: {done}"
        return done

    yield call
    gc.set_threshold(*thresholds)
    root.handlers[:], root.level = handlers, level
    for name, log in root.manager.loggerDict.items():
        if isinstance(log, logging.Logger):
            log.setLevel(levels.get(name, logging.NOTSET))


@pytest.fixture(scope="session")
def processed(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], media: Path, shared_dir: Path
) -> Iterator[Processed]:
    """A data folder to read from; who wants to write takes a copy."""
    video, photos = media / "duo.mp4", media / "photos"

    def process(folder: Path) -> None:
        # Once at least, exactly as people run it.
        cli = Cli(folder / "data", environment, preloaded=False)
        cli("run", video).store(folder / "video.json")
        cli("run", "--json", photos).store(folder / "photos.json")
        cli.wait_for_the_server_to_go()

    made = made_once(shared_dir / "processed", process)
    cli = Cli(shutil.copytree(made / "data", tmp_path_factory.mktemp("fs") / "data"), environment)
    with open_redis(None, DataFolder(cli.data_dir)):
        runs = [Done.load(made / name) for name in ("video.json", "photos.json")]
        yield Processed(cli, made / "data", video, photos, *runs)


@pytest.fixture
def copied(processed: Processed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processed]:
    """A copy of it, to write to."""
    copy = processed.copy(tmp_path_factory.mktemp("fs") / "data")
    yield copy
    copy.cli.end_all()


@pytest.fixture
def place(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Place:
    """A data folder of a test's own, for what is called in this very process."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Place(tmp_path_factory.mktemp("fs") / "data")


@pytest.fixture
def handle(place: Place) -> Iterator[RedisHandle]:
    """An open connection to it."""
    with open_handle(place) as opened:
        yield opened
