"""The report: one HTML file with everybody's faces and times, which needs nothing beside itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.exports.page_card import card
from facestream.models.terms import terms
from facestream.output import written_file
from facestream.people.people_filter import sorted_people
from facestream.people.person import Person
from facestream.source_name import is_camera, names_apart

if TYPE_CHECKING:
    from facestream.client import Store

# All pictures together, as they stand in the page: four thirds of their JPEGs.
_PICTURE_BYTES = 24_000_000
_BEST_PX, _OTHER_PX = 224, 128
# Small lists have room for what the larger screen can show.
_FEW = 200
_FEW_PX = 256
_QUALITY = 82
# Orders that a reader can choose.
_ORDERS = {"seconds": "time seen", "first": "first seen", "name": "name"}


def write_page(store: Store, people: Sequence[Person], path: Path, selection: str = "") -> Path:
    """Write the report of some people.

    Args:
        store: Where their faces are.
        people: Whom, in the order of the cards, with the sightings to show.
        path: The file; it appears when it is complete.
        selection: What was left out, in words.

    Returns:
        The path.

    Raises:
        FacestreamError: If the file can't be written.
    """
    page = render(store, people, selection)
    with written_file(path) as file:
        file.writelines(page)
    return path


def render(store: Store, people: Sequence[Person], selection: str = "") -> Iterator[str]:
    """The page in pieces; everything that it shows is escaped."""
    import jinja2
    from markupsafe import Markup

    from facestream import __version__
    from facestream.people.people_view import counted, nobody

    folder = files("facestream") / "templates"
    style, script = ((folder / name).read_text("utf-8") for name in ("page.css", "page.js"))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((folder / "page.html.j2").read_text("utf-8"))
    sources = store.sources()
    durations = {source.source_id: source.duration_s for source in sources}
    seen_in = {s.source_id: s.photo for person in people for s in person.sightings}
    names = names_apart({i: path for person in people for i, path in person.sources.items()})
    photos = sum(seen_in.values())
    cameras = sum(is_camera(source_id) for source_id in seen_in)
    videos = len(seen_in) - photos - cameras
    where = [counted(videos, "video")] if videos else []
    where += [counted(cameras, "camera")] if cameras else []
    where += [counted(photos, "photo")] if photos else []
    rank = {person.id: k for k, person in enumerate(sorted_people(people, "first"))}
    meta = store.meta()
    ran_on = sorted({s.provider for s in sources if s.source_id in seen_in and s.provider})
    order = next((by for by in _ORDERS if sorted_people(people, by) == list(people)), "listed")
    headline = counted(len(people), "person", "people") + (f" in {_joined(where)}" if where else "")
    return template.generate(
        title=f"{headline} - facestream",
        headline=headline,
        collection=store.collection,
        selection=selection,
        made_at=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        models=_models(meta, ran_on),
        version=__version__,
        count=len(people),
        orders=[*_ORDERS.items(), *([] if order in _ORDERS else [("listed", "as listed")])],
        order=order,
        people=(
            card(person, faces, durations, names, rank[person.id])
            for person, faces in zip(people, _pictures(store, people), strict=True)
        ),
        empty="" if people else "Nobody matches." if selection else nobody(store),
        # Ours, and closed to everything else by their hashes.
        style=Markup(style),  # noqa: S704
        style_hash=_csp_hash(style),
        script=Markup(script),  # noqa: S704
        script_hash=_csp_hash(script),
    )


def _joined(parts: list[str]) -> str:
    """Parts of a sentence as a list of things."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _models(meta: Mapping[str, str], ran_on: Sequence[str]) -> str:
    """Which models compare the faces, under which terms they may be used, and what they ran on, in words."""
    if "pack" not in meta:
        return "none yet"
    allowed = {"1": True, "0": False}.get(meta.get("commercial_use", ""))
    where = f" on {', '.join(ran_on)}" if ran_on else ""
    return f"{meta['pack']} ({terms(meta['licence'], allowed)}){where}"


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _pictures(store: Store, people: Sequence[Person]) -> Iterator[list[str]]:
    """The faces of each person as base64, the best first: as many as there is room for, but one at least."""
    from workers.faces.crop import shrunk_jpeg

    few = len(people) <= _FEW
    room = _PICTURE_BYTES // max(len(people), 1)
    crops = store.thumbnails(sample_id for person in people for sample_id in person.thumbnails)
    for person in people:
        faces: list[str] = []
        used = 0
        for number in range(len(person.thumbnails)):
            data = next(crops)
            if data is None or (faces and used >= room):
                continue
            largest_px = _FEW_PX if few else _OTHER_PX if number else _BEST_PX
            face = base64.b64encode(shrunk_jpeg(data, largest_px, _QUALITY)).decode()
            if faces and used + len(face) > room:
                continue
            faces.append(face)
            used += len(face)
        yield faces
