"""The videos and photos among the paths that a user names."""

import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stream import heif
from stream.errors import EmptyFolderError, SourcePermissionError, SourceUnreadableError, StreamError
from stream.local_file import open_local

# fmt: off
VIDEO_ENDINGS = frozenset(
    {
        ".3g2", ".3gp", ".asf", ".avi", ".dav", ".divx", ".dv", ".f4v", ".flv", ".gif", ".h264",
        ".h265", ".hevc", ".ivf", ".m2t", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov",
        ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogm", ".ogv", ".rm", ".rmvb", ".ts",
        ".vob", ".webm", ".wmv", ".wtv", ".y4m",
    }
)
PHOTO_ENDINGS = heif.ENDINGS | {
    ".apng", ".avif", ".bmp", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pgm", ".png",
    ".pnm", ".ppm", ".tif", ".tiff", ".webp",
}
# fmt: on

# So many folders inside each other are walked through; nobody sorts photos so finely.
_DEEPEST = 100

# What tells a data folder of ours, and its folders with pictures: faces of people who were found already.
_DATA_FOLDER = "facestream.json"
_OWN_FOLDERS = frozenset({"thumbnails", "uploads"})

# Folders in which programs keep what nobody means who names a folder of photos, and what that is.
_PASSED_OVER = {
    "@eaDir": "small copies that a network storage keeps",
    "@__thumb": "small copies that a network storage keeps",
    "#recycle": "what was deleted from a network storage",
    "@Recycle": "what was deleted from a network storage",
    "$RECYCLE.BIN": "what was deleted",
}
_PREVIEWS = ".lrdata"
# What is in libraries of Apple's programs beside the photos themselves is smaller copies of them.
_LIBRARIES, _ORIGINALS = (
    (".photoslibrary", ".photolibrary", ".aplibrary"),
    frozenset({"originals", "Masters"}),
)

# What a link leads to that leads nowhere.
_NOTHING_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP})

# With the first box of HEIC, which says what it is.
_HEAD_BYTES = 64
# How JPEG and PNG begin, and how videos are called that begin so.
_USUAL_PHOTOS, _MANY_JPEGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"), frozenset({".mjpeg", ".mjpg"})
_KINDS_NAMED = 5
# HEIC that can't be read is told so as the photo that it is: a decoder of videos sees one tile of it.
_PHOTO_BRANDS = heif.CONTAINER_BRANDS | heif.AVIF_BRANDS


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, each file once, in the order of the paths and inside folders in natural order.

    Attributes:
        videos: Files to read as `VideoFile`, animated GIFs among them.
        photos: Files to read as `PhotoFile`, still GIFs among them.
        skipped: What was passed over, with the reason in words.
        failed: What was asked for and can't be had, with the error: paths that don't exist, empty files,
            folders without anything usable or that may not be listed.
        heic: Photos in folders for which the decoder is missing, which are among `skipped` as well: whoever
            needs each photo is told so by reading them.
    """

    videos: tuple[Path, ...]
    photos: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...]
    failed: tuple[tuple[Path, StreamError], ...]
    heic: tuple[Path, ...] = ()


def discover(paths: Sequence[Path], *, recursive: bool = True) -> Discovery:
    """Sort files, and the files inside folders, into videos and photos.

    A file given by name is looked into: what begins like a photo is one, whatever it is called; the rest goes
    by its ending; an unknown ending is tried as video. Files inside folders go by their endings, but JPEG and
    PNG are photos where a video is expected, and GIFs where they are not animated. Hidden ones are passed
    over, and so are what facestream itself keeps in a data folder, what was deleted, and smaller copies that
    other programs keep. Links are followed; a file or folder reached twice is taken once. A path that is of
    no use costs the others nothing.

    Args:
        paths: Files and folders.
        recursive: Whether to look into folders inside folders.

    Returns:
        The files as found below the given paths, not resolved.
    """
    walk = _Walk(recursive)
    for path in paths:
        try:
            if _is_folder(path):
                walk.take_folder(path)
            else:
                walk.take_named(path)
        except StreamError as error:
            walk.failed.append((path, error))
    return Discovery(
        tuple(walk.videos), tuple(walk.photos), tuple(walk.skipped), tuple(walk.failed), tuple(walk.heic)
    )


class _Walk:
    def __init__(self, recursive: bool) -> None:
        self.videos: list[Path] = []
        self.photos: list[Path] = []
        self.skipped: list[tuple[Path, str]] = []
        self.failed: list[tuple[Path, StreamError]] = []
        self.heic: list[Path] = []
        self._recursive = recursive
        self._seen: dict[Path, Path] = {}
        # Folders of the path that is walked through, resolved, by how each was reached first.
        self._folders: dict[Path, Path] = {}

    def take_named(self, path: Path) -> None:
        self._take(path, self.photos if _is_photo(path) else self.videos)

    def take_folder(self, folder: Path) -> None:
        passed_over, failed = len(self.skipped), len(self.failed)
        usable = 0
        self._folders = {folder.resolve(): folder}
        for path in self._files(folder, _entries(folder)):
            ending = path.suffix.lower()
            if ending in heif.ENDINGS and not heif.is_readable() and not _is_usual_photo(path):
                self.skipped.append((path, f"a HEIC photo; {heif.HINT}"))
                self.heic.append(path)
                continue
            if ending in PHOTO_ENDINGS or (ending == ".gif" and _is_still_gif(path)):
                self._take(path, self.photos)
            elif ending in VIDEO_ENDINGS:
                is_photo = ending not in _MANY_JPEGS and _is_usual_photo(path)
                self._take(path, self.photos if is_photo else self.videos)
            else:
                self.skipped.append((path, f"its ending {ending!r} is neither a photo's nor a video's"))
                continue
            usable += 1
        # Folders inside that may not be listed say so themselves.
        if usable == 0 and len(self.failed) == failed:
            raise EmptyFolderError(
                _nothing_usable(folder, [path for path, _ in self.skipped[passed_over:]], self._recursive),
                str(folder),
            )

    def _take(self, path: Path, found: list[Path]) -> None:
        file = path.resolve()
        if file in self._seen:
            self.skipped.append((path, f"the same file as {str(self._seen[file])!r}"))
        else:
            self._seen[file] = path
            found.append(path)

    def _files(self, folder: Path, entries: list[Path], depth: int = 0) -> Iterator[Path]:
        """Yield the regular files below a folder that holds these entries, so many folders further in."""
        own = _OWN_FOLDERS if any(path.name == _DATA_FOLDER for path in entries) else frozenset()
        within_library = folder.name.endswith(_LIBRARIES)
        for path in entries:
            if path.name.startswith("."):
                self.skipped.append((path, "hidden"))
            elif path.name in _PASSED_OVER:
                self.skipped.append((path, _PASSED_OVER[path.name]))
            elif path.name.endswith(_PREVIEWS):
                self.skipped.append((path, "small copies that Lightroom keeps"))
            elif within_library and path.name not in _ORIGINALS:
                self.skipped.append((path, "what a photo library keeps beside its originals"))
            elif path.name in own:
                self.skipped.append((path, "facestream's own, of its data folder"))
            else:
                try:
                    yield from self._found_at(path, depth + 1)
                except StreamError as error:
                    self.failed.append((path, error))

    def _found_at(self, path: Path, depth: int) -> Iterator[Path]:
        """Yield a path that is a file, and what is in one that is a folder.

        Raises:
            StreamError: If nobody can tell what it is, or what is in it.
        """
        mode = _mode_of(path)
        if stat.S_ISREG(mode):
            yield path
        elif not stat.S_ISDIR(mode):
            self.skipped.append((path, "a broken link, device, pipe or socket"))
        elif not self._recursive:
            self.skipped.append((path, "a folder inside a folder"))
        elif (first := self._folders.setdefault(path.resolve(), path)) is not path:
            # Perhaps one that it is in. Folders that link to each other have more ways than can be walked.
            self.skipped.append((path, f"the same folder as {str(first)!r}"))
        elif depth > _DEEPEST:
            raise SourceUnreadableError(
                f"{str(path)!r} is a folder inside {_DEEPEST} others; name it itself, if it is meant",
                str(path),
            )
        else:
            yield from self._files(path, _entries(path), depth)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # A folder above may not be entered, say; opening the path tells.
        return False


def _mode_of(path: Path) -> int:
    """What kind of file there is, as of `stat`; 0 for nothing."""
    try:
        return path.stat().st_mode
    except PermissionError as error:
        raise SourcePermissionError(
            f"{str(path)!r} leads to where this user may not look; check the permissions there", str(path)
        ) from error
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return 0
        raise SourceUnreadableError(
            f"{str(path)!r} can't be looked at: {error.strerror}; check the disk or network share", str(path)
        ) from error


def _entries(folder: Path) -> list[Path]:
    try:
        # Listing needs the right to read the folder, looking at what is in it the right to enter it.
        os.stat(os.path.join(folder, "."))  # noqa: PTH116, PTH118 - pathlib drops the dot
        return sorted(folder.iterdir(), key=lambda path: _natural(path.name))
    except PermissionError as error:
        raise SourcePermissionError(
            f"the folder {str(folder)!r} may not be read by this user; check its permissions", str(folder)
        ) from error
    except OSError as error:
        raise SourceUnreadableError(
            f"the folder {str(folder)!r} can't be listed: {error.strerror}; check the disk or network share",
            str(folder),
        ) from error


def _nothing_usable(folder: Path, others: list[Path], recursive: bool) -> str:
    """What to say of a folder in which there is nothing to process."""
    depth = "" if recursive else " (folders inside it were not searched)"
    if not others:
        return f"{str(folder)!r} is an empty folder{depth}; name one with videos or photos in it"
    kinds = Counter(path.suffix.lower() or path.name for path in others).most_common(_KINDS_NAMED + 1)
    named = ", ".join(kind for kind, _ in kinds[:_KINDS_NAMED]) + (
        ", ..." if len(kinds) > _KINDS_NAMED else ""
    )
    advice = "a file with an unusual ending is read if you name the file itself"
    if any(path.suffix.lower() in heif.ENDINGS for path in others):
        advice = heif.HINT
    return f"{str(folder)!r} holds no video or photo, only others ({named}){depth}; {advice}"


def _natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key that puts "clip 9" before "clip 10", and ignores case."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return [(0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts], name


def _is_photo(path: Path) -> bool:
    with open_local(path) as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith((*_USUAL_PHOTOS, b"BM", b"II*\0", b"MM\0*")):
        return path.suffix.lower() not in _MANY_JPEGS
    if head[4:8] == b"ftyp":
        return heif.is_heif(head) or head[8:12] in _PHOTO_BRANDS
    if head.startswith(b"RIFF"):
        return head[8:12] == b"WEBP"
    if head.startswith(b"GIF8"):
        return _is_still_gif(path)
    if head.startswith((b"\x1aE\xdf\xa3", b"FLV")):
        return False
    return path.suffix.lower() in PHOTO_ENDINGS


def _is_usual_photo(path: Path) -> bool:
    """Whether a file is JPEG or PNG, whatever it is called; one that can't be read is not."""
    try:
        with open_local(path) as file:
            return file.read(_HEAD_BYTES).startswith(_USUAL_PHOTOS)
    except StreamError:
        return False


def _is_still_gif(path: Path) -> bool:
    """Whether a GIF holds one picture; one that is damaged is a video, which says so when it is read."""
    # Late: it takes a while to load, and most runs have no GIF.
    from PIL import GifImagePlugin

    try:
        with open_local(path) as file, GifImagePlugin.GifImageFile(file) as gif:
            return not gif.is_animated
    except Exception:  # Pillow's plugins raise nearly anything
        return False
