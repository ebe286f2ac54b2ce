from __future__ import annotations

from pathlib import Path

from facestream.quality.photo_contents import photo_contents


def test_the_same_bytes_have_the_same_name_and_others_of_that_length_another(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "copy", "other", "longer")]
    for path, data in zip(paths, (b"one", b"one", b"two", b"three"), strict=True):
        path.write_bytes(data)

    names = photo_contents([*paths, paths[0]])

    assert names[paths[0]] == names[paths[1]]
    assert len(set(names.values())) == 3


def test_what_cannot_be_read_has_no_name(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    odd = Path("a\0b")

    names = photo_contents([tmp_path / "gone", odd, tmp_path / "one", tmp_path / "two"])

    assert names == {}
