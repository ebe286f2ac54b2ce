"""Clips: the moments of a person, cut out of the videos without encoding them anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.errors import FacestreamError, NotFoundError, UsageError
from facestream.exports.source_files import file_stems, make_folder
from facestream.output import refuse_file_name, refuse_loss
from facestream.people.people_filter import PeopleFilter
from facestream.readable_path import path_of
from facestream.source_name import is_camera, short_name

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.people.person import Person
    from storage.source_record import SourceRecord
    from stream.clip import Clip

Interval = tuple[float, float]
PHOTO = "is a photo"
"""Why there is no film of one."""


@dataclass(frozen=True, slots=True)
class PersonClips:
    """What `person_clips` wrote.

    Attributes:
        clips: Each file, by the source that it is of.
        left_out: Why there is no film of a source, by the path of the photo or the name of the camera.
        failed: What is wrong with a video that they were seen in, by the source that it is.
    """

    clips: dict[str, Clip]
    left_out: dict[str, str]
    failed: dict[str, str]


def clip(path: Path, intervals: Sequence[Interval], out: Path) -> Clip:
    """Copy stretches of a video into one file, each from the keyframe before it: `stream.clip.write_clip`.

    Raises:
        FacestreamError: If the file can't be written.
        StreamError: If the video can't be read, or not be cut without encoding it.
    """
    from stream.clip import write_clip
    from stream.errors import StreamError

    try:
        return write_clip(path, intervals, out)
    except StreamError:
        raise
    except OSError as error:
        raise FacestreamError(f"{out}: can't be written ({error.strerror}). Choose another file.") from error


def file_of(source: SourceRecord) -> Path:
    """The file of a video, which is where it was, and what it was.

    Raises:
        StreamError: If there is no such file any more.
        FacestreamError: If it has other content now.
    """
    from facestream.recorded.source_id import is_file_of

    path = path_of(source.path)
    if not path.exists():
        raise FacestreamError(
            f"{path}: is not there any more. Where it was moved, `facestream run` on its new place takes "
            "note of that, without a second look at it."
        )
    if not is_file_of(path, source.source_id):
        raise FacestreamError(
            f"{path}: has other content than when it was processed, so that no time in it can be trusted. "
            "Put the file of then back."
        )
    return path


def person_clips(
    store: Store, person: Person, out: Path, *, sources: Sequence[str], margin_s: float
) -> PersonClips:
    """Write the moments of a person: one file for each video they were seen in.

    A video that is gone, or another one by now, or can't be cut without encoding it, is told of in `failed`,
    and the others are cut.

    Args:
        store: The collection.
        person: Whose.
        out: A file that ends in .mp4, .m4v, .mov or .mkv, where it is one video; else a folder, which is
            made.
        sources: Only of these videos: their ids, parts of their paths, or patterns with * and ?; empty
            for all.
        margin_s: So much more before and after each sighting.

    Raises:
        UsageError: If one file was asked for, and there are more videos; or a video would be lost.
        NotFoundError: If they were not seen in these, or there is no video to cut.
        FacestreamError: If a file can't be written, or each video has other content now.
        StreamError: If no video is where it was, or none can be cut without encoding it.
    """
    from stream.clip import CONTAINERS, container_for
    from stream.errors import StreamError

    seen = person.within(PeopleFilter(tuple(sources)).holds)
    if seen is None:
        raise NotFoundError(f"{person.id} was not seen in {' or '.join(sources)}.", what=person.id)
    moments, left_out = _moments(seen, margin_s)
    records = {source.source_id: source for source in store.sources()}
    if not moments:
        raise NotFoundError(
            f"there is no film of {person.id} to cut: {_where_instead(person.id, left_out)}.", what=person.id
        )
    # What is wrong with any is known before the first is written.
    files, failed = _files(records[source_id] for source_id in moments)
    one_file = out.suffix.lower() in CONTAINERS and not out.is_dir()
    if one_file and len(files) > 1:
        raise UsageError(
            f"{person.id} was seen in {len(files)} videos, and {out} is one file. Give a folder, or choose "
            "a video with --source."
        )
    if not one_file:
        refuse_file_name(out, f"clips are written as {', '.join(CONTAINERS)}, as no picture is encoded anew.")
        make_folder(out)
    stems = file_stems(records[source_id] for source_id in files)
    written: dict[str, Clip] = {}
    errors: list[StreamError] = []
    for source_id, path in files.items():
        try:
            target = out if one_file else out / f"{person.id}-{stems[source_id]}{container_for(path)}"
            refuse_loss(target)
            written[source_id] = clip(path, moments[source_id], target)
        except StreamError as error:
            errors.append(error)
            failed[source_id] = str(error)
    if errors and not written:
        raise errors[0]
    return PersonClips(written, left_out, failed)


def _where_instead(person_id: str, left_out: dict[str, str]) -> str:
    """Where somebody is who is in no video, of whom there may be hundreds of photos."""
    photos = sum(reason == PHOTO for reason in left_out.values())
    cameras = [name for name, reason in left_out.items() if reason != PHOTO]
    where = [f"is on {photos} photo{'s' if photos > 1 else ''}"] if photos else []
    where += [f"was seen by {', '.join(cameras)}, and what it saw is not kept"] if cameras else []
    where += ["in no video"] if not cameras else []
    return f"{person_id} {' and '.join(where)}"


def _files(sources: Iterable[SourceRecord]) -> tuple[dict[str, Path], dict[str, str]]:
    """The files of videos, and what is wrong with the others, each by its source.

    Raises:
        FacestreamError: If something is wrong with each of them, as of the first.
        StreamError: The same.
    """
    from stream.errors import StreamError

    files: dict[str, Path] = {}
    errors: dict[str, FacestreamError | StreamError] = {}
    for source in sources:
        try:
            files[source.source_id] = file_of(source)
        except (FacestreamError, StreamError) as error:
            errors[source.source_id] = error
    if errors and not files:
        raise next(iter(errors.values()))
    return files, {source_id: str(error) for source_id, error in errors.items()}


def _moments(person: Person, margin_s: float) -> tuple[dict[str, list[Interval]], dict[str, str]]:
    """Stretches of each video, and what of the others is to be said."""
    found: defaultdict[str, list[Interval]] = defaultdict(list)
    left_out: dict[str, str] = {}
    for seen in person.sightings:
        if seen.photo:
            left_out[seen.source] = PHOTO
        elif is_camera(seen.source_id):
            left_out[short_name(seen.source_id, seen.source)] = "is a camera; what it saw is not kept"
        else:
            found[seen.source_id].append((max(seen.start_s - margin_s, 0.0), seen.end_s + margin_s))
    return dict(found), left_out
