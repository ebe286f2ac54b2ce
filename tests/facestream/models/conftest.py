"""Small models for tests of packs."""

from __future__ import annotations

from pathlib import Path

import pytest
from recognisable_models import write_arcface, write_scrfd


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a detector and an embedder, as somebody may have them; not to be changed."""
    folder = tmp_path_factory.mktemp("weights")
    write_scrfd(folder / "det.onnx")
    write_arcface(folder / "rec.onnx")
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The models folder of `here`."""
    return tmp_path / "data" / "models"
