"""The packs that facestream knows of."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from workers.models.catalogue import KnownPack, known_packs
from workers.models.pack import built_in_packs
from workers.models.pack_store import is_pack_name

INSIGHTFACE = ("buffalo_l", "buffalo_m", "buffalo_s", "buffalo_sc", "antelopev2", "raccoon_s", "raccoon_l")


def test_the_catalogue_names_what_people_ask_for() -> None:
    known = known_packs()
    assert {*INSIGHTFACE, "sface", "auraface", "facenet", "adaface", "edgeface", "deepface"} == set(known)
    assert all(is_pack_name(name) and name == pack.name for name, pack in known.items())
    assert not set(known) & set(built_in_packs())


@pytest.mark.parametrize("name", INSIGHTFACE)
def test_packs_of_insightface_allow_no_commercial_use_and_come_from_its_model_zoo(name: str) -> None:
    from insightface.utils.storage import model_zoo_download_url

    pack = known_packs()[name]
    assert not pack.licence.commercial_use
    assert "non-commercial research only" in pack.licence.text
    assert pack.archive is not None
    assert pack.archive.urls == (model_zoo_download_url(f"{name}.zip"),)
    assert pack.archive.sha256


def test_what_is_pulled_has_a_checksum() -> None:
    for pack in known_packs().values():
        assert all(source.sha256 for source in pack.sources), pack.name
        assert pack.pullable == bool(pack.files)


def test_the_files_of_sface_are_those_of_opencv() -> None:
    pack = known_packs()["sface"]
    assert pack.licence.commercial_use
    assert [(file.sha256, file.size_bytes) for file in pack.files] == [
        ("8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4", 232_589),
        ("0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79", 38_696_353),
    ]
    assert all(len(file.urls) == 2 for file in pack.files)
    assert pack.size_bytes == 38_928_942


def test_a_pack_that_can_neither_be_pulled_nor_made_is_refused() -> None:
    facts = known_packs()["facenet"].model_dump()
    with pytest.raises(ValidationError, match="no address"):
        KnownPack.model_validate({**facts, "by_hand": ""})
    with pytest.raises(ValidationError):
        KnownPack.model_validate({**facts, "homepage": "http://example.com/"})
