"""Names from named photos: for who was seen before, and for who is yet to be seen."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from facestream.decisions.naming import checked_name
from facestream.errors import NoFaceError, UsageError
from facestream.people.people_filter import folded

if TYPE_CHECKING:
    from facestream.client import Store
    from facestream.configuration.settings import Place
    from facestream.search.search import FoundFace

SURE = 0.97
"""From this probability on it is the same person: "almost certain" in docs/benchmarks.md."""

# Of several faces, one that is so much larger than all others is who the photo is of.
_MUCH_LARGER = 2.0

# From this probability on it may be the same person.
_PERHAPS = 0.5

_TOO_POOR = "No face of these photos is good enough to make a person of its own. Use others."

State = Literal["named", "already", "added", "conflict", "several", "unclear"]
Find = Callable[[Path], "list[FoundFace]"]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of one name.

    Attributes:
        name: The name, from a folder or file.
        state: "named": somebody who was seen before has the name now. "already": they had it. "added": nobody
            was like the photos, which are in the collection now, with the name. "conflict": the person has
            another name, or two names mean one person. "several": the photos are like more than one person.
            "unclear": no photo could be used.
        people: Ids of the people it is about.
        sureness: Probability that the likeliest photo and person are one, or None.
        decisions: Numbers of the decisions that were made; each can be undone.
        photos: How many photos were used.
        notes: What else is to be said, in sentences.
        unread: How many photos could not be read.
    """

    name: str
    state: State
    people: tuple[str, ...] = ()
    sureness: float | None = None
    decisions: tuple[int, ...] = ()
    photos: int = 0
    notes: tuple[str, ...] = ()
    unread: int = 0

    @property
    def is_done(self) -> bool:
        """Whether the name is given, or would be, and all photos could be read."""
        return self.state in ("named", "already", "added") and not self.unread


@dataclass(slots=True)
class _Look:
    """What a search made of the photos of one name."""

    name: str
    usable: list[Path] = field(default_factory=list)
    sure: dict[str, float] = field(default_factory=dict)
    helps: bool = False
    notes: list[str] = field(default_factory=list)
    unread: int = 0

    def told(self, state: State, *notes: str, **more: object) -> Enrolled:
        facts = {
            "people": tuple(sorted(self.sure, key=lambda person: -self.sure[person])),
            "sureness": max(self.sure.values(), default=None),
            **more,
        }
        return Enrolled(
            self.name,
            state,
            photos=len(self.usable),
            notes=(*self.notes, *notes),
            unread=self.unread,
            **facts,  # type: ignore[arg-type]
        )


def named_photos(folder: Path) -> dict[str, list[Path]]:
    """The photos of each name: FOLDER/NAME.jpg, and all in FOLDER/NAME/.

    Raises:
        StreamError: If there is no such folder, or no photo in it, or something in it may not be looked at.
        UsageError: If it is a file, or a name can't be one.
    """
    from stream.discover import discover

    if folder.is_file():
        raise UsageError(f"{folder} is a file. Give a folder with NAME.jpg or NAME/*.jpg in it.")
    found: defaultdict[str, list[Path]] = defaultdict(list)
    root = folder.absolute()
    there = discover((folder,))
    if there.failed:
        # It may be somebody's only photos.
        raise there.failed[0][1]
    for path in (*there.photos, *there.heic):
        real = path.absolute()
        parts = real.relative_to(root).parts if real.is_relative_to(root) else real.parts[-1:]
        written = path.stem if len(parts) == 1 else parts[0]
        try:
            name = checked_name(written)
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from error
        found[name].append(path)
    if not found:
        raise UsageError(f"there is no photo in {folder}. Put NAME.jpg or NAME/*.jpg there.")
    return {name: sorted(found[name]) for name in sorted(found, key=folded)}


class Enrolling:
    """Gives names to people by their photos.

    Args:
        store: The collection.
        place: Where it is.
        find: Searches for the faces of a photo, the largest first.
        models: Model pack; None for the collection's own.
        device: What its models run on.
    """

    def __init__(self, store: Store, place: Place, find: Find, models: str | None, device: str) -> None:
        self._store = store
        self._place = place
        self._find = find
        self._models = models
        self._device = device

    def enroll(self, photos: Mapping[str, Sequence[Path]], *, dry_run: bool) -> list[Enrolled]:
        """Look everybody up, then give the names; with `dry_run` nothing is changed.

        Returns:
            One for each name, in their order.
        """
        looks = [self._look(name, paths) for name, paths in photos.items()]
        claims: defaultdict[str, list[str]] = defaultdict(list)
        for look in looks:
            if len(look.sure) == 1:
                claims[next(iter(look.sure))].append(look.name)
        told: dict[str, Enrolled] = {}
        absent: list[_Look] = []
        for look in looks:
            if not look.usable:
                told[look.name] = look.told("unclear")
            elif not look.sure and not look.helps:
                told[look.name] = look.told("unclear", _TOO_POOR)
            elif not look.sure:
                absent.append(look)
            elif len(look.sure) > 1:
                ids = look.told("several").people
                told[look.name] = look.told(
                    "several",
                    f"If they are one: {self._store.hint('people', 'merge', *ids)}, then enroll again.",
                )
            elif len(names := claims[next(iter(look.sure))]) > 1:
                others = " and ".join(repr(name) for name in names if name != look.name)
                told[look.name] = look.told("conflict", f"The photos of {others} are of the same person.")
            else:
                told[look.name] = self._name(look, next(iter(look.sure)), dry_run=dry_run)
        told |= {one.name: one for one in self._add(absent, dry_run=dry_run)}
        return [told[look.name] for look in looks]

    def _look(self, name: str, paths: Sequence[Path]) -> _Look:
        """Search for the photos of a name."""
        from stream.errors import StreamError

        look = _Look(name)
        for path in paths:
            try:
                faces = self._find(path)
            except NoFaceError:
                look.notes.append(f"{path.name}: no face was found.")
                continue
            except StreamError as error:
                look.notes.append(f"{error}.")
                look.unread += 1
                continue
            if len(faces) > 1 and _height(faces[0]) < _MUCH_LARGER * _height(faces[1]):
                look.notes.append(f"{path.name}: shows {len(faces)} faces; cut out the one that is meant.")
                continue
            look.usable.append(path)
            look.helps |= faces[0].founds
            for match in faces[0].matches[:1]:
                # Beside all the others it may turn out to be theirs.
                look.helps |= match.sureness >= _PERHAPS
                if match.sureness >= SURE:
                    person = match.person.id
                    look.sure[person] = max(look.sure.get(person, 0.0), match.sureness)
        return look

    def _name(self, look: _Look, person_id: str, *, dry_run: bool, state: State = "named") -> Enrolled:
        """Give somebody a name who has none."""
        person = self._store.person(person_id)
        if person.name == look.name and state == "named":
            return look.told("already")
        if person.name and person.name != look.name:
            return look.told("conflict", f"{person.id} is called {person.name} already.")
        if dry_run:
            return look.told(state)
        decision = self._store.name(person.id, look.name)
        return look.told(state, decisions=() if decision is None else (decision.number,))

    def _add(self, looks: Sequence[_Look], *, dry_run: bool) -> list[Enrolled]:
        """Process the photos of those whom nobody is like, and name who comes of them."""
        if dry_run or not looks:
            return [look.told("added") for look in looks]
        from facestream.recorded.run import Run
        from facestream.recorded.run_report import RunOptions, SilentListener

        paths = tuple(path for look in looks for path in look.usable)
        Run(
            self._place,
            RunOptions(paths, pack=self._models, device=self._device),
            SilentListener(),
        ).execute(threading.Event())
        return [self._name_new(look) for look in looks]

    def _name_new(self, look: _Look) -> Enrolled:
        from facestream.recorded.source_id import photo_id

        owners: dict[str, None] = {}
        for path in look.usable:
            # The largest face of the photo is who it is of.
            tracks = list(self._store.tracks(source_id=photo_id(path)))
            largest = max(tracks, key=lambda track: _area(track.faces[0].box_xyxy), default=None)
            if largest is not None and largest.identity:
                owners[largest.identity] = None
        if not owners:
            return look.told("unclear", _TOO_POOR)
        people = [self._store.person(owner) for owner in owners]
        named = sorted({person.name for person in people} - {"", look.name})
        if named:
            text = f"Seen with the others, the photos turned out to be of {' and '.join(named)}."
            return replace(look.told("conflict", text), people=tuple(owners))
        decisions: tuple[int, ...] = ()
        keep, *others = sorted((person.id for person in people), key=lambda person: int(person[1:]))
        if others:
            # Somebody says by the name that these photos are of one person.
            decisions = (self._store.merge(keep, *others, models=self._models).number,)
        done = self._name(look, keep, dry_run=False, state="added")
        return replace(done, people=(keep,), decisions=(*decisions, *done.decisions))


def _height(face: FoundFace) -> float:
    return face.box_xyxy[3] - face.box_xyxy[1]


def _area(box_xyxy: tuple[float, float, float, float]) -> float:
    return (box_xyxy[2] - box_xyxy[0]) * (box_xyxy[3] - box_xyxy[1])
