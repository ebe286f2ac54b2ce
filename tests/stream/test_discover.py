import os
from pathlib import Path

import pytest
from PIL import Image
from unprivileged import unprivileged

from storage.datafolder import DataFolder
from stream.discover import Discovery, discover
from stream.errors import (
    EmptyFolderError,
    SourceEmptyError,
    SourceNotFoundError,
    SourcePermissionError,
    StreamError,
)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def failure(found: Discovery) -> StreamError:
    """The error of the one path that failed."""
    ((path, error),) = found.failed
    assert error.source == str(path)
    return error


def test_folder_is_sorted_into_videos_and_photos_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "clip10.mp4", "clip9.MKV", "Clip1.mp4", "b.JPG", "a.png", "anim.gif")
    found = discover([tmp_path])
    assert names(found.videos) == ["anim.gif", "Clip1.mp4", "clip9.MKV", "clip10.mp4"]
    assert names(found.photos) == ["a.png", "b.JPG"]
    assert found.skipped == ()


def test_subfolders_are_walked_in_their_place(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b/2.mp4", "b/c/1.mp4", "z.mp4")
    assert names(discover([tmp_path]).videos) == ["a.mp4", "2.mp4", "1.mp4", "z.mp4"]


def test_subfolders_are_left_alone_without_recursive(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b/2.mp4")
    found = discover([tmp_path], recursive=False)
    assert names(found.videos) == ["a.mp4"]
    assert found.skipped == ((tmp_path / "b", "a folder inside a folder"),)


def test_hidden_unknown_and_special_entries_are_skipped_with_a_reason(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", ".hidden.mp4", ".git/b.mp4", "notes.txt", "README", "@eaDir/a.jpg/small.jpg")
    (tmp_path / "broken.mp4").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.mp4")
    found = discover([tmp_path])
    assert names(found.videos) == ["a.mp4"]
    reasons = {path.name: reason for path, reason in found.skipped}
    assert reasons.keys() == {
        *(".hidden.mp4", ".git", "notes.txt", "README", "broken.mp4", "pipe.mp4", "@eaDir")
    }
    assert reasons[".git"] == "hidden"
    assert "'.txt'" in reasons["notes.txt"]
    assert "broken link" in reasons["broken.mp4"]


def test_what_is_kept_in_a_data_folder_is_no_source_of_faces(tmp_path: Path) -> None:
    # As DataFolder and Uploads name them.
    made = DataFolder(tmp_path / "data")
    own = [made.thumbnails_dir / "default" / "p1.jpg", made.path / "uploads" / "default" / "j-1" / "a.mp4"]
    theirs = [made.path / "holiday.jpg", tmp_path / "thumbnails" / "b.jpg"]
    for path in (made.path / "facestream.json", *own, *theirs):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")

    found = discover([tmp_path])

    assert sorted(found.photos) == sorted(theirs)
    assert not found.videos
    assert [path.name for path, reason in found.skipped if "own" in reason] == ["thumbnails", "uploads"]
    # Whoever names one means it.
    assert discover([own[1].parent]).videos == (own[1],)


def test_a_still_gif_is_a_photo_and_one_that_moves_a_video(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (8, 8), shade) for shade in ("red", "blue")]
    pictures[0].save(tmp_path / "still.gif")
    pictures[0].save(tmp_path / "moves.GIF", save_all=True, append_images=pictures[1:])
    touch(tmp_path, "damaged.gif")
    for found in (discover([tmp_path]), discover(sorted(tmp_path.iterdir()))):
        assert names(found.photos) == ["still.gif"]
        assert sorted(names(found.videos)) == ["damaged.gif", "moves.GIF"]


def test_links_are_followed_and_loops_survived(tmp_path: Path) -> None:
    touch(tmp_path, "a/one.mp4", "elsewhere/two.mp4")
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "linked").symlink_to(tmp_path / "elsewhere")
    found = discover([tmp_path / "a"])
    assert names(found.videos) == ["two.mp4", "one.mp4"]
    assert found.skipped == ((tmp_path / "a" / "loop", f"the same folder as {str(tmp_path / 'a')!r}"),)


def test_links_that_lead_to_each_other_are_broken_ones(tmp_path: Path) -> None:
    touch(tmp_path, "a/one.mp4")
    (tmp_path / "a" / "here").symlink_to(tmp_path / "a" / "there")
    (tmp_path / "a" / "there").symlink_to(tmp_path / "a" / "here")
    found = discover([tmp_path / "a"])
    assert names(found.videos) == ["one.mp4"]
    assert found.failed == ()
    assert [(path.name, reason) for path, reason in found.skipped] == [
        (name, "a broken link, device, pipe or socket") for name in ("here", "there")
    ]


def test_folders_that_all_link_to_each_other_are_walked_through_once(tmp_path: Path) -> None:
    count = 9
    for number in range(count):
        touch(tmp_path, f"{number}/{number}.mp4")
        for other in range(count):
            if other != number:
                (tmp_path / str(number) / f"see {other}").symlink_to(tmp_path / str(other))
    found = discover([tmp_path])
    assert sorted(names(found.videos)) == [f"{number}.mp4" for number in range(count)]
    # Each link, and each folder that a link was the first way to, but the first of all.
    assert len(found.skipped) == count * (count - 1)
    assert all("the same folder as" in reason for _, reason in found.skipped)


def test_same_file_is_taken_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    (tmp_path / "b.mp4").symlink_to("a.mp4")
    found = discover([tmp_path / "a.mp4", tmp_path, tmp_path / "a.mp4"])
    assert found.videos == (tmp_path / "a.mp4",)
    assert [path.name for path, _ in found.skipped] == ["a.mp4", "b.mp4", "a.mp4"]
    assert all("the same file" in reason for _, reason in found.skipped)


def test_named_file_goes_by_its_content_then_its_ending(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "photo.mp4", "PNG")
    Image.new("RGB", (4, 4)).save(tmp_path / "photo", "JPEG")
    Image.new("RGB", (4, 4)).save(tmp_path / "web.dat", "WEBP")
    (tmp_path / "video.jpg").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 16)
    (tmp_path / "camera.mjpeg").write_bytes(b"\xff\xd8\xff\xe0")
    touch(tmp_path, "unknown.xyz", "plain.mkv", "plain.jpg", ".hidden.mp4")
    order = ["photo.mp4", "photo", "web.dat", "video.jpg", "camera.mjpeg"]
    order += ["unknown.xyz", "plain.mkv", "plain.jpg", ".hidden.mp4"]
    found = discover([tmp_path / name for name in order])
    assert names(found.photos) == ["photo.mp4", "photo", "web.dat", "plain.jpg"]
    assert names(found.videos) == ["video.jpg", "camera.mjpeg", "unknown.xyz", "plain.mkv", ".hidden.mp4"]


def test_in_folders_usual_photos_that_are_called_otherwise_are_photos(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.mp4", "JPEG")
    Image.new("RGB", (4, 4)).save(tmp_path / "b.mov", "PNG")
    Image.new("RGB", (4, 4)).save(tmp_path / "c.mjpeg", "JPEG")
    touch(tmp_path, "d.mp4")
    found = discover([tmp_path])
    assert names(found.photos) == ["a.mp4", "b.mov"]
    assert names(found.videos) == ["c.mjpeg", "d.mp4"]


def test_animations_of_photo_formats_are_photos_by_name_and_in_folders(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (16, 16), shade) for shade in ("red", "blue")]
    pictures[0].save(tmp_path / "moves.avif", save_all=True, append_images=pictures[1:])
    for brand in (b"avis", b"hevc", b"msf1"):
        (tmp_path / f"{brand.decode()}.avif").write_bytes(b"\0\0\0\x18ftyp" + brand + b"\0" * 12)
    paths = sorted(tmp_path.iterdir())
    assert discover(paths).photos == discover([tmp_path]).photos == tuple(paths)


def test_what_was_deleted_and_smaller_copies_are_passed_over(tmp_path: Path) -> None:
    library = "Family.photoslibrary"
    theirs = [f"{library}/originals/A/A1.jpg", f"{library}/originals/B.mov", "originals.jpg", "Masters/m.jpg"]
    touch(
        tmp_path,
        *theirs,
        "#recycle/deleted.jpg",
        "@Recycle/deleted.jpg",
        "$RECYCLE.BIN/S-1/$R1.jpg",
        "Mine Previews.lrdata/0/a.jpg",
        f"{library}/resources/derivatives/A1.jpg",
        f"{library}/database/search.jpg",
    )
    found = discover([tmp_path])
    assert {str(path.relative_to(tmp_path)) for path in (*found.photos, *found.videos)} == {*theirs}
    # Whoever names the library means what is in it, and whoever names a folder with deleted files, these.
    assert names(discover([tmp_path / library]).photos) == ["A1.jpg"]
    assert names(discover([tmp_path / "#recycle"]).photos) == ["deleted.jpg"]


def test_missing_and_empty_paths_fail_and_cost_the_others_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "folder/b.jpg")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "nothing").mkdir()
    order = ["none", "a.mp4", "empty.mp4", "nothing", "folder"]

    found = discover([tmp_path / name for name in order])

    assert (names(found.videos), names(found.photos)) == (["a.mp4"], ["b.jpg"])
    assert [(path.name, type(error)) for path, error in found.failed] == [
        ("none", SourceNotFoundError),
        ("empty.mp4", SourceEmptyError),
        ("nothing", EmptyFolderError),
    ]
    assert all(error.source == str(path) for path, error in found.failed)


def test_a_folder_that_is_empty_says_so(tmp_path: Path) -> None:
    error = failure(discover([tmp_path]))
    assert isinstance(error, EmptyFolderError)
    assert f"'{tmp_path}' is an empty folder" in str(error)


def test_a_folder_without_anything_usable_says_what_is_there(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", "b.TXT", "inner/list.m3u8", "README")
    error = failure(discover([tmp_path]))
    assert isinstance(error, EmptyFolderError)
    assert "holds no video or photo, only others (.txt, .m3u8, README)" in str(error)
    assert len(str(error)) < 250 + len(str(tmp_path))


def test_of_many_kinds_in_a_useless_folder_a_few_are_named(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number}.kind{number}" for number in range(100)))
    assert str(failure(discover([tmp_path]))).count(".kind") == 5


def test_error_tells_that_subfolders_were_not_searched(tmp_path: Path) -> None:
    touch(tmp_path, "inner/a.mp4")
    assert "were not searched" in str(failure(discover([tmp_path], recursive=False)))


@pytest.mark.parametrize("mode", [0, 0o644], ids=["hidden", "may be listed but not entered"])
def test_a_forbidden_folder_fails_and_costs_the_others_nothing(tmp_path: Path, mode: int) -> None:
    base = tmp_path / "base"
    touch(base, "a.mp4", "locked/b.mp4")
    (base / "locked").chmod(mode)
    with unprivileged(base):
        alone = discover([base / "locked"])
        below = discover([base])
        inside = discover([base / "locked" / "b.mp4"])
    (base / "locked").chmod(0o755)
    assert names(below.videos) == ["a.mp4"]
    assert alone.videos == inside.videos == below.skipped == ()
    for found in (alone, below, inside):
        error = failure(found)
        assert isinstance(error, SourcePermissionError)
        assert "locked" in str(error)
        assert "may not be read by this user" in str(error)


def test_a_folder_of_which_a_part_is_forbidden_is_not_called_empty(tmp_path: Path) -> None:
    touch(tmp_path, "base/locked/b.mp4", "empty/locked.txt")
    (tmp_path / "base" / "locked").chmod(0)
    with unprivileged(tmp_path):
        found = discover([tmp_path / "base", tmp_path / "empty"])
    (tmp_path / "base" / "locked").chmod(0o755)
    # Nobody knows what is in the one; the other says so in spite of it.
    assert [(path.name, type(error)) for path, error in found.failed] == [
        ("locked", SourcePermissionError),
        ("empty", EmptyFolderError),
    ]


def test_a_link_to_where_nobody_may_look_fails_and_costs_the_others_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "album/a.jpg", "secret/x.jpg")
    (tmp_path / "album" / "b.jpg").symlink_to(tmp_path / "secret" / "x.jpg")
    (tmp_path / "secret").chmod(0)
    with unprivileged(tmp_path):
        found = discover([tmp_path / "album"])
    (tmp_path / "secret").chmod(0o755)
    assert names(found.photos) == ["a.jpg"]
    ((path, error),) = found.failed
    assert path == tmp_path / "album" / "b.jpg"
    assert isinstance(error, SourcePermissionError)
    assert "leads to where this user may not look" in str(error)


def test_a_folder_that_is_very_deep_costs_the_others_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "album/a.jpg")
    deep = tmp_path / "deep"
    # Longer than a path may be, step by step.
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    found = discover([deep, tmp_path / "album"])
    assert names(found.photos) == ["a.jpg"]
    assert "is a folder inside 100 others" in str(failure(found))


def test_a_path_that_is_named_twice_is_one_file(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    path = tmp_path / "a.jpg"
    assert discover([path, path]).photos == (path,)
