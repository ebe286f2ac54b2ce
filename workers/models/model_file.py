"""Files of models, before anything is done with them."""

from __future__ import annotations

from pathlib import Path

from workers.errors import WeightsError
from workers.models.outside_weights import outside_weights
from workers.models.pack_mend import get_again

_ZIP = b"PK\x03\x04"
# How files begin that people take for ONNX models. None of them is read any further: to load a pickle is to
# run whatever stands in it.
_OTHERS = {
    b"\x80": "a Python pickle, which can run any code when it is loaded, and is never loaded here",
    _ZIP: "a zip archive (PyTorch saves its pickles so), not unpacked here",
    b"\x89HDF": "an HDF5 file (Keras)",
    b"\x1f\x8b": "a gzip archive",
    b"version https://git-lfs": "a Git LFS pointer and not the file itself, which `git lfs pull` gets",
    b"<": "a web page or XML, not a model; the download was answered with a page",
}


def file_in(folder: Path, name: str, pack: str = "") -> Path:
    """The path of a file of a pack.

    Args:
        folder: The pack.
        name: As its manifest names the file.
        pack: What its manifest calls the pack; by default as the folder is called.

    Raises:
        WeightsError: If it is missing, no file, or a link that leads out of the folder.
    """
    path = folder / name
    if not path.is_file():
        raise WeightsError(
            f"{path}: missing, but the manifest names it.", path=path, mend=get_again(path, pack)
        )
    if not path.resolve().is_relative_to(folder.resolve()):
        raise WeightsError(
            f"{path}: a link out of the pack's folder, to {path.resolve()}. Copy the file itself there.",
            path=path,
        )
    return path


def check_onnx_file(path: Path) -> None:
    """Refuse what is plainly no ONNX model, or not all of one, and say what it is.

    Raises:
        WeightsError: If it is a file of another kind, or empty, or has weights in another file.
    """
    problem = file_problem(path)
    if problem is not None:
        raise WeightsError(f"{path}: {problem}.", path=path)


def file_problem(path: Path) -> str | None:
    """What is plainly wrong with a file that should be an ONNX model, found without reading its weights."""
    problem = other_kind(path)
    if problem is not None:
        return problem
    outside = outside_weights(path)
    if outside is None:
        return None
    return (
        f"has weights in another file, {outside!r}, which no checksum would cover. Save it as one file, in "
        f"Python: onnx.save(onnx.load({path.name!r}), {path.name!r}, save_as_external_data=False)"
    )


def other_kind(path: Path) -> str | None:
    """What is wrong with a file that should be an ONNX model, by how it begins; None if nothing is."""
    start = _start(path)
    if not start:
        return "empty. Get the file again"
    kinds = (
        what for sign, what in _OTHERS.items() if start.lstrip().startswith(sign) or start.startswith(sign)
    )
    what = next(kinds, None)
    return None if what is None else f"not an ONNX model but {what}"


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip file does."""
    return _start(path).startswith(_ZIP)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)
