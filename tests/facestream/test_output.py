"""What commands print and write."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.errors import FacestreamError, UsageError
from facestream.output import check_writable, confirm, print_table, printable, refuse_file_name, written_file


@given(st.text())
def test_whatever_is_printed_stays_on_its_line_and_turns_nothing(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown)
    assert not any(unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI") for c in shown)
    shown.encode()


@pytest.mark.parametrize("text", ["Ada", "<b>&\\n", "שלום\u200f", "👩‍🚀", "e\u0301", "a b"])
def test_what_disturbs_nobody_is_printed_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_what_steers_a_terminal_is_printed_escaped() -> None:
    assert printable("a\x1b]0;x\x07\n\u202e\udcff") == "a\\x1b]0;x\\x07\\n\\u202e\\udcff"


def test_columns_stand_below_each_other_whatever_the_letters_take(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.cells import cell_len

    names = ["Ada", "王小明", "👍🎉", "e\u0301", "a\nb", ""]
    print_table(("name", "seen", "where"), [[name, "1 s", "here"] for name in names], right={"seen"})
    header, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(names)
    ends = {cell_len(line[: line.index("here")]) for line in lines}
    assert ends == {header.index("where")}
    assert header.startswith("name    seen  where")


def test_a_table_without_rows_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n"


def test_a_file_appears_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with written_file(path) as file:
        file.write("é\r\n")
        assert not path.exists()
    assert path.read_bytes() == "é\r\n".encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_are_written_as_bytes(tmp_path: Path) -> None:
    with written_file(tmp_path / "a", text=False) as file:
        file.write(b"\xff\n")
    assert (tmp_path / "a").read_bytes() == b"\xff\n"


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ValueError("no"), ValueError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(28, "No space left on device"), FacestreamError),
    ],
)
def test_after_an_error_the_old_file_is_there_and_nothing_else(
    tmp_path: Path, error: BaseException, raised: type[BaseException]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def fail() -> None:
        with written_file(path) as file:
            file.write("new" * 10000)
            raise error

    with pytest.raises(raised):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    with written_file(link) as file:
        file.write("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_device_is_written_to_and_stays() -> None:
    with written_file(Path(os.devnull)) as file:
        file.write("x")
    assert Path(os.devnull).is_char_device()
    check_writable(Path(os.devnull))


@pytest.mark.parametrize(
    "work", [check_writable, lambda path: written_file(path).__enter__()], ids=["check", "write"]
)
def test_what_can_t_be_written_is_named(tmp_path: Path, work: object) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    (tmp_path / "file").touch()
    before = set(tmp_path.iterdir())
    for path, reason in (
        (tmp_path / "nowhere" / "a", "No such file or directory"),
        (tmp_path / "file" / "a", "Not a directory"),
        (loop, "the link leads back to itself"),
    ):
        with pytest.raises(FacestreamError) as caught:
            work(path)  # type: ignore[operator]
        assert str(caught.value) == f"{path}: can't be written ({reason}). Choose another file."
    assert set(tmp_path.iterdir()) == before


def test_a_check_leaves_nothing_behind_and_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    check_writable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("old")
    check_writable(path)
    assert path.read_text() == "old"


def test_nobody_there_to_ask_is_an_error_that_says_how() -> None:
    with Path(os.devnull).open() as nothing, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", nothing)
        with pytest.raises(UsageError, match=r"Delete\? Nothing was done: .* Say --yes\."):
            confirm("Delete?", yes=False)


@pytest.mark.parametrize("name", ["her.jpg", "her.JPEG", "film.mp4"])
def test_photos_and_videos_are_never_replaced_by_something_else(tmp_path: Path, name: str) -> None:
    path, link = tmp_path / name, tmp_path / "link.csv"
    check_writable(path)
    path.write_bytes(b"the only one")
    link.symlink_to(path)
    for target in (path, link):
        with pytest.raises(UsageError, match=f"{name}: is there already"):
            check_writable(target)
        with pytest.raises(UsageError, match="would be lost"), written_file(target) as file:
            file.write("x")
    assert path.read_bytes() == b"the only one"


def test_a_picture_may_replace_an_older_one_but_none_that_it_is_made_of(tmp_path: Path) -> None:
    album, plot = tmp_path / "album", tmp_path / "plot.png"
    album.mkdir()
    mine = album / "mine.png"
    for path in (plot, mine):
        path.write_bytes(b"a picture")
    check_writable(plot, picture_of=[album])
    check_writable(album / "new.png", picture_of=[album])
    with written_file(plot, text=False, picture=True) as file:
        file.write(b"another")
    assert plot.read_bytes() == b"another"
    for sources in ([album], [plot, mine]):
        with pytest.raises(UsageError, match=r"mine.png: is there already"):
            check_writable(mine, picture_of=sources)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd on this system")
def test_what_is_open_already_is_written_on(tmp_path: Path) -> None:
    kept = tmp_path / "log.txt"
    kept.write_text("old\n")
    with kept.open("a") as file:
        path = Path(f"/dev/fd/{file.fileno()}")
        check_writable(path)
        with written_file(path) as out:
            out.write("new\n")
    assert kept.read_text() == "old\nnew\n"
    reading, writing = os.pipe()
    with written_file(Path(f"/dev/fd/{writing}")) as out:
        out.write("piped")
    os.close(writing)
    assert os.read(reading, 10) == b"piped"
    os.close(reading)


def test_a_folder_that_may_not_be_entered_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # As root may enter any.
    monkeypatch.setattr(Path, "exists", refused)
    for act in (lambda: check_writable(tmp_path / "x"), lambda: written_file(tmp_path / "x").__enter__()):
        with pytest.raises(FacestreamError, match="can't be written \\(Permission denied\\)"):
            act()


@pytest.mark.parametrize("name", ["joey.webm", "caps.VTT", "r.pdf", "clips/j.gif"])
def test_the_name_of_a_file_is_no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"Name a folder\.$"):
        refuse_file_name(tmp_path / name, "Name a folder.")
    # One that is there is what it is.
    (tmp_path / name).mkdir(parents=True)
    refuse_file_name(tmp_path / name, "Name a folder.")


@pytest.mark.parametrize("name", ["captions", "2026.05", "v1.2", "S01E01 (1 of 2)"])
def test_dots_alone_make_no_file(tmp_path: Path, name: str) -> None:
    refuse_file_name(tmp_path / name, "Name a folder.")
