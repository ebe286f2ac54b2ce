"""The models folder: a pack is whole there, or not there."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

import pytest

from workers.errors import WeightsError
from workers.models.pack_root import pack_in, packs_in
from workers.models.pack_store import PackStore, is_pack_name


@pytest.fixture
def store(tmp_path: Path) -> PackStore:
    return PackStore(tmp_path / "data" / "models")


def put(store: PackStore, name: str, content: str) -> None:
    with store.incoming(name) as folder:
        assert folder.name == name
        (folder / "det.onnx").write_text(content)


def left_in(store: PackStore) -> set[str]:
    return {path.name for path in store.root.iterdir()}


def test_looking_makes_nothing(store: PackStore) -> None:
    assert store.names() == []
    assert not store.has("a")
    assert not store.root.parent.exists()


def test_a_pack_comes_and_goes(store: PackStore) -> None:
    put(store, "a", "one")
    assert store.names() == ["a"]
    assert (store.folder("a") / "det.onnx").read_text() == "one"
    assert store.size_bytes("a") == 3
    assert stat.S_IMODE(store.root.stat().st_mode) == 0o700
    store.remove("a")
    assert store.names() == []
    assert left_in(store) == set()


def test_a_pack_is_replaced_as_a_whole(store: PackStore) -> None:
    put(store, "a", "one")
    with store.incoming("a") as folder:
        (folder / "other.onnx").write_text("two")
        assert [path.name for path in store.folder("a").iterdir()] == ["det.onnx"]
    assert [path.name for path in store.folder("a").iterdir()] == ["other.onnx"]
    assert left_in(store) == {"a"}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("wrong")])
def test_what_fails_half_way_leaves_the_older_one(store: PackStore, error: BaseException) -> None:
    put(store, "a", "one")

    def fail(path: Path) -> None:
        path.write_text("half")
        raise error

    with pytest.raises(type(error)), store.incoming("a") as folder:
        fail(folder / "det.onnx")
    assert (store.folder("a") / "det.onnx").read_text() == "one"
    assert left_in(store) == {"a"}


def test_what_a_killed_process_left_is_no_pack_and_is_cleared_away(store: PackStore) -> None:
    put(store, "a", "one")
    for left in (".new-a-x1y2", ".old-a-x1y2", ".new-a-b-x1y2"):
        (store.root / left / "a").mkdir(parents=True)
    assert store.names() == packs_in(store.root) == ["a"]
    put(store, "a", "two")
    # Of another pack, whose name begins alike, somebody else may be at work.
    assert left_in(store) == {"a", ".new-a-b-x1y2"}


def test_one_process_at_a_time_changes_a_pack(store: PackStore) -> None:
    with store.incoming("a") as folder:
        (folder / "det.onnx").touch()
        with pytest.raises(WeightsError, match="another process is changing this pack"):
            store.remove("a")
        put(store, "b", "meanwhile")
    assert store.names() == ["a", "b"]


def test_a_full_disk_says_what_to_do(store: PackStore) -> None:
    with pytest.raises(WeightsError) as caught, store.incoming("a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "the disk is full. Free some space" in str(caught.value)
    assert caught.value.path == store.root
    assert left_in(store) == set()


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match="can't be written"), PackStore(tmp_path / "file").incoming("a"):
        pass


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "a\0", "x" * 65, "a b", "ä/", "../a", "a\n"]
)
def test_names_that_are_none(store: PackStore, name: str) -> None:
    assert not is_pack_name(name)
    assert not store.has(name)
    assert pack_in(store.root, name) is None


@pytest.mark.parametrize("name", ["a", "buffalo_l", "arcface-r100", "v1.2", "x" * 64])
def test_names_that_are_some(name: str) -> None:
    assert is_pack_name(name)


def test_a_folder_with_models_is_a_pack_and_an_empty_one_is_not(tmp_path: Path) -> None:
    for path in (
        "a/det.onnx",
        "antelopev2/antelopev2/det.onnx",
        "m/manifest.toml",
        "text/README.md",
        "b/c/d.onnx",
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    (tmp_path / "zip.zip").touch()
    assert packs_in(tmp_path) == ["a", "antelopev2", "m"]
    # As InsightFace unpacks it.
    assert pack_in(tmp_path, "antelopev2") == tmp_path / "antelopev2" / "antelopev2"
    assert packs_in(tmp_path / "nothing") == []
