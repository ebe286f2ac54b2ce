"""Who came into the picture of a camera, and how soon somebody was published for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from camera_scenes import Scene
from camera_servers import CameraServers
from watched import Watched

from facestream.people.people_tally import source_of
from storage.identity_record import ChangeKind

# Index of a camera's frames per second of its media time.
_INDEX_PER_S = 25
# After so long, somebody who was not published is counted as missed.
_KNOWN_WITHIN_S = 5.0


@dataclass(frozen=True)
class Visit:
    """Somebody came into the picture.

    Attributes:
        camera: Which one's.
        start_s: Unix time at which the loop began that they came in.
        good_s: Unix time at which their third good picture was sent.
        latency_s: From then until a person was published, s; None: nobody was.
    """

    camera: str
    start_s: float
    good_s: float
    latency_s: float | None


def visits_of(
    camera: str, scene: Scene, servers: CameraServers, watched: Watched, *, again: bool
) -> list[Visit]:
    """Everybody who came into a camera's picture early enough to be published before the end.

    Args:
        camera: Its name.
        scene: What it shows.
        servers: The cameras.
        watched: What the watch did.
        again: Whether people come anew in every loop.
    """
    number = int(camera.removeprefix("cam"))
    sent = servers.sent(number)
    starts_s = [at_s for place, at_s in sent if place == 0]
    goods_s = [at_s for place, at_s in sent if place == scene.third_good]
    known_s = first_published_s(camera, watched)
    visits = []
    for start_s, end_s in pairwise([*starts_s, math.inf]):
        good_s = next((at_s for at_s in goods_s if start_s <= at_s < end_s), math.inf)
        if good_s + _KNOWN_WITHIN_S > watched.samples[-1].at_s:
            break
        published_s = [at_s for began_s, at_s in known_s if start_s <= began_s < end_s]
        visits.append(Visit(camera, start_s, good_s, min(published_s) - good_s if published_s else None))
        if not again:
            break
    return visits


def first_published_s(camera: str, watched: Watched) -> list[tuple[float, float]]:
    """Unix times at which each track of a camera began, and at which a person was first published for it."""
    first: dict[str, float] = {}
    for change in watched.changes:
        if change.kind is ChangeKind.ASSIGNED and source_of(change.track_id) == f"c-{camera}":
            first.setdefault(change.track_id, change.published_at_s)
    epoch_s = watched.epochs_s.get(camera, 0.0)
    prefix = len(f"c-{camera}.")
    return [
        (epoch_s + int(track_id[prefix:].partition(".")[0]) / _INDEX_PER_S, at_s)
        for track_id, at_s in first.items()
    ]
