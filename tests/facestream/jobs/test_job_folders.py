from __future__ import annotations

from pathlib import Path

import pytest

from facestream.errors import RefusedError
from facestream.jobs.job_folders import allowed_path, folders_of


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.mp4").touch()
    (folder / "inner" / "b.mp4").touch()
    (tmp_path / "films-2").mkdir()
    (tmp_path / "films-2" / "secret.mp4").touch()
    return folder


def refusal(written: str, *folders: Path) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        allowed_path(written, folders)
    return caught.value


def test_files_and_folders_within_are_found_by_either_kind_of_path(films: Path) -> None:
    assert allowed_path(str(films / "a.mp4"), [films]) == films / "a.mp4"
    assert allowed_path("inner/b.mp4", [films.parent / "films-2", films]) == films / "inner" / "b.mp4"
    assert allowed_path("inner", [films]) == films / "inner"
    assert allowed_path(str(films / "inner" / ".." / "a.mp4"), [films]) == films / "a.mp4"


def test_whether_a_file_elsewhere_is_there_is_not_told(films: Path) -> None:
    there = [
        str(films.parent / "films-2" / "secret.mp4"),
        "../films-2/secret.mp4",
        f"{films}/../films-2/secret.mp4",
    ]
    nowhere = [text.replace("secret", "nothing") for text in there]
    said = {(error.kind, str(error)) for error in (refusal(text, films) for text in (*there, *nowhere))}
    assert len(said) == 1
    assert {kind for kind, _ in said} == {"forbidden"}


def test_a_name_that_is_too_long_for_any_file_is_missing(films: Path) -> None:
    name = "y" * 300
    assert {refusal(path, films).kind for path in (name, str(films / name), f"inner/{name}")} == {"missing"}


def test_a_link_that_leads_elsewhere_is_told_like_a_file_that_is_not_there(films: Path) -> None:
    (films / "link.mp4").symlink_to(films.parent / "films-2" / "secret.mp4")
    assert refusal(str(films / "link.mp4"), films).kind == "forbidden"
    linked, gone = refusal("link.mp4", films), refusal("gone.mp4", films)
    assert (linked.kind, str(linked)) == (gone.kind, str(gone).replace("gone", "link"))


def test_a_folder_with_such_a_link_in_it_is_refused(films: Path) -> None:
    (films / "inner" / "link.mp4").symlink_to(films.parent / "films-2" / "secret.mp4")
    assert refusal("inner", films).kind == "forbidden"


def test_without_folders_everything_is_refused(films: Path) -> None:
    assert refusal(str(films / "a.mp4")).kind == "forbidden"
    assert refusal("a\0b", films).kind in ("forbidden", "missing")


def test_folders_are_written_like_a_search_path(films: Path) -> None:
    link = films.parent / "way"
    link.symlink_to(films)
    assert folders_of(f"{link}: :{films / 'inner'}") == (films, films / "inner")
    assert folders_of("") == ()
