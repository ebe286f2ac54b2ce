"""Licences of packs without a manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.models.catalogue import known_packs
from workers.models.pack_licence import licence_of


def sums(name: str) -> list[str]:
    return [file.sha256 for file in known_packs()[name].files if file.sha256]


@pytest.mark.parametrize("name", ["sface", "auraface", "buffalo_l", "antelopev2", "buffalo_sc"])
def test_files_of_a_known_pack_have_its_licence_wherever_they_lie(tmp_path: Path, name: str) -> None:
    licence = licence_of(tmp_path, sums(name))
    assert licence.spdx == known_packs()[name].licence.spdx
    assert licence.commercial_use is known_packs()[name].licence.commercial_use


def test_one_file_for_research_alone_makes_a_pack_so(tmp_path: Path) -> None:
    licence = licence_of(tmp_path, [sums("sface")[0], sums("buffalo_l")[1]])
    assert licence.commercial_use is False
    assert "non-commercial research only" in str(licence.text)


def test_of_other_files_nobody_knows_it(tmp_path: Path) -> None:
    assert licence_of(tmp_path, ["0" * 64, "1" * 64]).commercial_use is None
    # A free file beside one that nobody knows makes the whole no free one.
    assert licence_of(tmp_path, [sums("sface")[0], "0" * 64]).commercial_use is None
