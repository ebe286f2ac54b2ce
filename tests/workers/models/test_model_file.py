from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import pytest
from grid_models import write_scrfd

from workers.errors import WeightsError
from workers.models.model_file import check_onnx_file, file_in


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"weights": 1}))
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (pickle.dumps({"weights": [1]}, protocol=2), "a Python pickle"),
        (pickle.dumps({"weights": [1]}, protocol=5), "a Python pickle"),
        (zipped(), "a zip archive"),
        (b"<!DOCTYPE html><html>404</html>", "a web page"),
        (b"\n\n <html>Sign in</html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "a Git LFS pointer"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"", "empty"),
    ],
)
def test_a_file_of_another_kind_is_refused_and_said_to_be_it(
    tmp_path: Path, content: bytes, what: str
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=f"model.onnx: .*{what}") as caught:
        check_onnx_file(path)
    assert caught.value.path == path


def test_a_model_is_taken(tmp_path: Path) -> None:
    check_onnx_file(write_scrfd(tmp_path / "model.onnx"))


def test_a_file_of_the_folder_is_found_also_through_links_within_it(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"a")
    (tmp_path / "b.onnx").symlink_to("a.onnx")
    assert file_in(tmp_path, "a.onnx") == tmp_path / "a.onnx"
    assert file_in(tmp_path, "b.onnx") == tmp_path / "b.onnx"


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "true").mkdir()
    (tmp_path / "true" / "a.onnx").write_bytes(b"a")
    (tmp_path / "link").symlink_to("true")
    assert file_in(tmp_path / "link", "a.onnx").read_bytes() == b"a"


@pytest.mark.parametrize("target", ["../outside.onnx", "{}/outside.onnx"])
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside.onnx").write_bytes(b"a")
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "a.onnx").symlink_to(target.format(tmp_path))
    with pytest.raises(WeightsError, match=r"a link out of the pack's folder, to .*outside\.onnx"):
        file_in(folder, "a.onnx")


def test_a_link_to_nothing_and_a_folder_are_missing_files(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").symlink_to("nothing")
    (tmp_path / "b.onnx").mkdir()
    for name in ("a.onnx", "b.onnx", "c.onnx"):
        with pytest.raises(WeightsError, match=rf"{name}: missing, but the manifest names it"):
            file_in(tmp_path, name)
