"""Puts together what the HTTP API searches with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from facestream.client import Store
from facestream.configuration.settings import AUTO_DEVICE, Place
from facestream.events.news import News
from facestream.models.own_models import models_for
from facestream.search.like_people import LikePeople
from facestream.search.pair_facts import PairFacts
from facestream.search.photo_search import PhotoSearch
from facestream.search.resident_search import Models, ResidentSearch
from facestream.wiring import keys_of, make_calibration, make_store
from storage.connection import RedisHandle


@dataclass(frozen=True, slots=True)
class WebSearch:
    """A collection in memory, and what can be asked of it.

    Attributes:
        photos: Search by photo.
        people: Who of its people is like whom.
    """

    photos: PhotoSearch
    people: LikePeople


@contextlib.contextmanager
def open_search(
    place: Place, handle: RedisHandle, store: Store, news: News, device: str = AUTO_DEVICE
) -> Iterator[WebSearch]:
    """Keep a collection in memory and let it go again; it is read in the background.

    Args:
        place: Where it is.
        handle: Its server.
        store: The collection.
        news: What happens in it, already being read.
        device: What models run on.
    """
    identities = make_store(handle, keys_of(place))

    def models() -> Models:
        manifest, calibration = make_calibration(models_for(identities, place, None), place.data_dir)
        return Models(manifest.model_id, calibration)

    search = ResidentSearch(identities, handle, news, models)
    people = LikePeople(search, PairFacts(identities, handle, search))
    with search, people:
        yield WebSearch(PhotoSearch(store, place, search, device), people)
