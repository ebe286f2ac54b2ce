"""Routes of search."""

from __future__ import annotations

import re
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from starlette.concurrency import run_in_threadpool

from facestream.client import Store
from facestream.people.appearance import ordered_sightings
from facestream.search.photo_search import FoundInPhoto
from facestream.search.search import Match, in_words, there
from facestream.web.context import Context
from facestream.web.person_answers import camera_name, is_playable, person_answer, sighting_answer
from facestream.web.photo_upload import PHOTO_FORM, PhotoUpload, PhotoUploaded
from facestream.web.queries import PersonPath
from facestream.web.scopes import needs_read
from facestream.web.search_schemas import (
    PersonMatch,
    SearchAnswer,
    SearchedFace,
    SearchPhoto,
    SimilarPerson,
    TrackMatch,
)
from workers.clustering.likeness import LikeTrack

router = APIRouter(tags=["search"])

_FACE = re.compile(r"all|largest|[0-9]{1,3}")
_MOST = 100
_SIGHTINGS = 10
_PATIENCE_S = 10.0

Limit = Annotated[int, Query(ge=1, le=_MOST)]


@router.post("/search", dependencies=[needs_read], openapi_extra=PHOTO_FORM)
async def search(
    context: Context,
    upload: PhotoUploaded,
    limit: Annotated[int | None, Query(ge=1, le=_MOST)] = None,
    face: Annotated[str | None, Query(pattern="^(all|largest|[0-9]{1,3})$")] = None,
) -> SearchAnswer:
    """Search for the faces of a photo: who they may be, and which tracks are like them.

    The photo is not stored. `limit` and `face` may stand in the query or in the form; the query counts.
    """
    most = limit or _number(upload.fields.get("limit", "10"))
    which = face or upload.fields.get("face", "all")
    if not _FACE.fullmatch(which):
        raise HTTPException(422, "`face` is `all`, `largest` or the number of a face, from 0.")
    return await run_in_threadpool(_search, context, upload, most, which)


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= _MOST:
        raise HTTPException(422, f"`limit` is a number from 1 to {_MOST}.")
    return int(text)


def _search(context: Context, upload: PhotoUpload, limit: int, face: str) -> SearchAnswer:
    wanted = int(face) if face.isdecimal() else face
    found = context.search.photos.find(upload.data, upload.name, limit, wanted)
    return SearchAnswer(
        photo=SearchPhoto(width_px=found.width_px, height_px=found.height_px),
        faces=[_face(one, context.store) for one in found.faces],
    )


def _face(found: FoundInPhoto, store: Store) -> SearchedFace:
    return SearchedFace(
        box_xyxy=found.box_xyxy,
        score=found.score,
        people=[_match(match) for match in found.people],
        tracks=_tracks(found.tracks, store),
    )


def _match(match: Match) -> PersonMatch:
    newest = islice(ordered_sightings(match.person, newest_first=True), _SIGHTINGS)
    return PersonMatch(
        person=person_answer(match.person),
        similarity=match.similarity,
        sureness=match.sureness,
        verdict=in_words(match.sureness),
        track_id=match.track,
        sightings=[sighting_answer(seen) for seen in newest],
    )


def _tracks(found: tuple[LikeTrack, ...], store: Store) -> list[TrackMatch]:
    """Those that are still there."""
    tracks = {track.id: track for track in store.tracks_by_id([like.track_id for like in found])}
    answers = []
    for like in found:
        track = tracks.get(like.track_id)
        if track is None:
            continue
        best = max(track.samples, key=lambda sample: sample.quality, default=None)
        answers.append(
            TrackMatch(
                track_id=track.id,
                person_id=track.identity or None,
                similarity=like.similarity,
                source_id=track.source_id,
                source=track.source,
                camera=camera_name(track.source_id, track.source),
                photo=track.photo,
                playable=is_playable(track.source_id, track.source),
                start_s=track.start_s,
                end_s=track.end_s,
                start_at=track.start_at,
                end_at=track.end_at,
                thumbnail=best.id if best else None,
            )
        )
    return answers


@router.get("/people/{person_id}/similar", dependencies=[needs_read])
def similar(context: Context, person_id: PersonPath, limit: Limit = 10) -> list[SimilarPerson]:
    """People who are like somebody, the likeliest to be the same first; without those said to differ."""
    person = context.store.person(person_id)
    pairs = context.search.people.similar(person.id, limit, _PATIENCE_S)
    answers = []
    for pair in pairs:
        other = there(pair.second, context.store.person)
        if other is not None and other.id == pair.second:
            answers.append(
                SimilarPerson(
                    person=person_answer(other),
                    similarity=pair.similarity,
                    sureness=pair.sureness,
                    verdict=in_words(pair.sureness),
                )
            )
    return answers
