"""Where an earlier run left off."""

from __future__ import annotations

import numpy as np

from storage.identity_store import IdentityStore
from workers.candidate import Look
from workers.carried import Carried

LOOK_BACK_S = 1.0
"""So long before it is taken up again a source is read from, to see whether there is a cut."""

# Longest time between a track's last sight and the border at which it was closed, s.
_REACH_S = 3.0


def carried_into(store: IdentityStore, source_id: str, start_s: float) -> list[Carried]:
    """Stored tracks of a source whose faces may go on at `start_s`.

    Args:
        store: The collection.
        source_id: The source.
        start_s: Media time at which it is taken up again.
    """
    carried = []
    for track in store.tracks(store.track_ids(source_id)):
        last = track.observations[-1]
        if not start_s - _REACH_S <= track.last_s < start_s or last["score"] <= 0:
            continue
        for sample in store.bare_samples(track.sample_ids[-1:]):
            look = Look(sample.size_px, sample.effective_px, None, sample.vector)
            box = np.asarray(last["box_xyxy"], np.float32)
            carried.append(Carried(track.track_id, box, track.last_s, look))
    return carried
