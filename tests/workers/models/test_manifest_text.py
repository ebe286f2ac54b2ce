"""Manifests that are written are read back as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recognisable_models import write_arcface, write_scrfd

from workers.models.manifest import FILE_NAME, Manifest, read_manifest
from workers.models.manifest_parts import Licence
from workers.models.manifest_text import write_manifest
from workers.models.pack import describe_pack, find_pack

OPEN = read_manifest(find_pack("open"))


def reread(folder: Path, manifest: Manifest) -> Manifest:
    write_manifest(folder, manifest)
    return read_manifest(folder)


def test_the_built_in_pack_is_read_back(tmp_path: Path) -> None:
    assert reread(tmp_path, OPEN) == OPEN


def test_what_was_recognised_is_read_back(tmp_path: Path) -> None:
    write_scrfd(tmp_path / "det.onnx")
    write_arcface(tmp_path / "rec.onnx")
    manifest = describe_pack(tmp_path)
    assert not (tmp_path / FILE_NAME).exists()
    assert manifest.licence.commercial_use is None
    assert manifest.assumed
    assert reread(tmp_path, manifest) == manifest


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.sampled_from([True, False, None]),
)
def test_any_text_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, text: str, commercial_use: bool | None
) -> None:
    licence = Licence(text=text, commercial_use=commercial_use, origin=text)
    manifest = OPEN.model_copy(update={"title": text, "licence": licence, "assumed": (text, text)})
    assert reread(tmp_path_factory.mktemp("pack"), manifest) == manifest
