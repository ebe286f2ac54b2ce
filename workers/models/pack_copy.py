"""A pack of one's own, copied into the models folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from workers.errors import PackNotFoundError, WeightsError
from workers.models.model_file import file_in, file_problem, is_zip
from workers.models.pack_archive import MODEL_ENDING, belongs, extract_pack, may_run_programs, most_bytes


def check_source(source: Path) -> None:
    """Refuse what is neither a folder nor a zip file.

    Raises:
        PackNotFoundError: If it is neither.
    """
    if source.is_dir() or (source.is_file() and is_zip(source)):
        return
    problem = "neither a folder nor a zip file" if source.exists() else "there is no such folder or file"
    raise PackNotFoundError(
        f"{source}: {problem}. A model pack is a folder with ONNX models.", pack=str(source)
    )


def copy_pack(source: Path, folder: Path) -> list[str]:
    """Copy the files of a pack into an empty folder.

    Args:
        source: A folder with the files right in it, or a zip file, as `check_source` has found.
        folder: Where they are put.

    Returns:
        Names of what was left out, as it is no part of a pack.

    Raises:
        ArchiveError: If a zip file is damaged or not safe to take files from.
        WeightsError: If a file is no model, or can do harm, or there is no model and no manifest.
        OSError: If a file can't be read or written.
    """
    left_out = _copy_files(source, folder) if source.is_dir() else extract_pack(source, folder)
    models = [path for path in folder.iterdir() if path.name.lower().endswith(MODEL_ENDING)]
    for path in models:
        problem = file_problem(path)
        if problem is not None:
            raise WeightsError(f"{source}: {path.name}: {problem}.", path=source)
    if not any(folder.iterdir()):
        raise WeightsError(
            f"{source}: holds no ONNX model. A model pack is a folder with ONNX models and, best of all, a "
            "manifest.toml.",
            path=source,
        )
    return left_out


def _copy_files(source: Path, folder: Path) -> list[str]:
    left_out: list[str] = []
    for path in sorted(source.iterdir()):
        if may_run_programs(path.name):
            raise WeightsError(
                f"{path}: a format whose reading can run a program. Packs hold ONNX models; convert it, or "
                "take it out of the folder.",
                path=path,
            )
        if path.name.startswith(".") or not path.is_file() or not belongs(path.name):
            left_out.append(path.name)
            continue
        file_in(source, path.name)
        if path.stat().st_size > most_bytes(path.name):
            raise WeightsError(f"{path}: has {path.stat().st_size:,} bytes, too many for a pack.", path=path)
        shutil.copyfile(path, folder / path.name)
    return left_out
