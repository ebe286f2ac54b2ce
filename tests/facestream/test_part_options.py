"""--detector and --embedder: parts of other packs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from command_runs import Done
from recognisable_models import write_arcface, write_scrfd

from facestream.demo_video import ASTRONAUT

Here = Callable[..., Done]


def test_a_part_that_is_not_here_is_told_with_the_command_that_brings_it(here: Here) -> None:
    photo = ASTRONAUT.path()
    done = here("run", photo, "--detector", "yunet", code=1)
    assert "facestream models pull sface" in done.stderr
    done = here("compare", photo, photo, "--embedder", "facenet", code=1)
    assert "facestream models show facenet" in done.stderr


def test_models_beside_both_parts_is_a_usage_error(here: Here) -> None:
    words = ("--models", "open", "--detector", "mtcnn", "--embedder", "dlib")
    done = here("compare", "a.jpg", "b.jpg", *words, code=2)
    assert "--models says nothing beside both" in done.stderr


def test_a_combination_runs_and_is_kept_with_the_collection(here: Here, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "models" / "mine"
    folder.mkdir(parents=True)
    write_scrfd(folder / "det.onnx")
    write_arcface(folder / "rec.onnx")
    photo = ASTRONAUT.path()

    first = here("run", photo, "--detector", "mtcnn", "--embedder", "arcface")

    assert "models open-mtcnn+mine (MTCNN + ArcFace), licence MIT AND CC0-1.0; unknown" in first.stderr
    assert "commercial use unknown" in first.stderr
    assert "open-mtcnn+mine" in here("collections").stdout
    assert "can't be compared" in here("run", photo, "--models", "open", code=1).stderr


def test_show_says_what_a_combination_is(here: Here) -> None:
    shown = here("models", "show", "haar+dlib").stdout
    assert "Haar cascade + dlib ResNet-29" in shown
    assert "MIT AND CC0-1.0" in shown
    assert "sees upright faces from the front" in shown
    assert "pull sface" in here("models", "show", "yunet+dlib", code=1).stderr
    assert "not here" in here("models", "verify", "haar+dlib", code=1).stderr
