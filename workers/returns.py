"""People who were forgotten and are not to be taken in anew: what is kept of them, and who comes back."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

import numpy as np

from storage.effects import Effects
from storage.identity_store import IdentityStore
from storage.kept_out_record import KeptOut, field_of, ids_of_field
from storage.template_record import TemplateTable
from storage.track_record import TrackRecord
from workers.clustering.profiles import Profiles
from workers.clustering.returning import SURE_RETURN, profile_of, return_sureness, templates_to_keep
from workers.decisions import Decisions
from workers.membership import Membership
from workers.models.calibration import Calibration

_log = logging.getLogger(__name__)

# Tracks of whoever would get a track that it is compared with: more make the mean no better.
_MOST_OF_RIVAL = 200


class Returns:
    """Tells tracks of people who were forgotten, by templates that were kept. Changes go into `Effects`.

    Args:
        store: The collection.
        calibration: Of its embedder.
        membership: Who has which track.
        decisions: What people said.
    """

    def __init__(
        self, store: IdentityStore, calibration: Calibration, membership: Membership, decisions: Decisions
    ) -> None:
        self._store = store
        self._calibration = calibration
        self._membership = membership
        self._decisions = decisions
        self._dimension = calibration.mean.shape[1]
        self._profiles: dict[str, Profiles] = {}
        # Tracks that were left out, by source: one that grows is not weighed again.
        self._left_out: dict[str, set[str]] = {}

    def load(self) -> None:
        """Read what is kept."""
        self._profiles = {
            field_of(kept.ids): self._of_kept(kept) for kept in self._store.kept_out(self._dimension)
        }

    def _of_kept(self, kept: KeptOut) -> Profiles:
        return self._profile(kept.ids[0], kept.templates)

    def _profile(self, name: str, table: TemplateTable) -> Profiles:
        return profile_of(name, table.vectors, table.sizes_px, table.weights, ~table.photo, self._calibration)

    # What is kept ------------------------------------------------------------------------------------------

    def chosen(self, track_ids: Sequence[str], founders: Collection[str], effects: Effects) -> bytes:
        """Templates to keep of a person, as bytes: of tracks that may found one, where there are any.

        Args:
            track_ids: Their tracks.
            founders: Tracks that may found a person.
            effects: Of this step, with templates that are not stored yet.
        """
        sound = [track_id for track_id in track_ids if track_id in founders]
        rows, table = self._templates(sound or track_ids, effects)
        if not table.track_ids:
            return b""
        best = templates_to_keep(table.vectors, table.weights * table.sizes_px)
        return b"".join(rows[table.track_ids[row].encode()] for row in best.tolist())

    def keep(self, ids: Sequence[str], rows: bytes, effects: Effects) -> None:
        """Keep templates of somebody who is forgotten in this step.

        Args:
            ids: All their ids, the last one first.
            rows: As of `chosen`; where they are empty, nothing is kept.
            effects: Takes them in.
        """
        if rows:
            name = field_of(ids)
            self._profiles[name] = self._of_kept(KeptOut.decode(name, rows, self._dimension))
            effects.kept_out[name] = rows

    def let_go(self, identity_id: str, effects: Effects) -> int:
        """Keep nothing any more of somebody who was forgotten; returns of how many people something was."""
        return self._let_go({name for name in self._fields() if identity_id in ids_of_field(name)}, effects)

    def let_all_go(self, effects: Effects) -> int:
        """Keep nothing any more of anybody; returns of how many people something was."""
        return self._let_go(self._fields(), effects)

    def _fields(self) -> set[str]:
        # What is damaged is in no memory, and has to go as well.
        return {field_of(ids) for ids in self._store.kept_out_ids()} | self._profiles.keys()

    def _let_go(self, fields: set[str], effects: Effects) -> int:
        for name in fields:
            self._profiles.pop(name, None)
            effects.kept_out.pop(name, None)
        effects.kept_out_removed |= fields
        # Who was left out may be taken in now.
        self._left_out.clear()
        return len(fields)

    # Who comes back ----------------------------------------------------------------------------------------

    def has_left_out(self, source_id: str, track_id: str) -> bool:
        """Whether a track was left out, since this process began to lead."""
        return track_id in self._left_out.get(source_id, ())

    def forget_source(self, source_id: str) -> None:
        """No track of a stretch that is done grows any more."""
        self._left_out.pop(source_id, None)

    def take_out(self, record: TrackRecord, owner: str | None, effects: Effects) -> bool:
        """Whether a track is to be left out, as almost surely that of somebody who was forgotten.

        Not one of which people said whose it is.

        Args:
            record: The track; its template is in `effects`.
            owner: Who would get it, or has it; None for nobody.
            effects: Takes in that it is.
        """
        source_id, track_id = record.source_id, record.track_id
        if not self._profiles or self._is_said(track_id):
            return False
        _, own = self._templates([track_id], effects)
        if not own.track_ids:
            return False
        track, forgotten = self._profile(track_id, own), _joined(list(self._profiles.values()))
        sure = return_sureness(track, forgotten, None, self._calibration)
        if sure >= SURE_RETURN:
            rivals = self._membership.members(owner) if owner else set()
            others = sorted(rivals - {track_id})[:_MOST_OF_RIVAL]
            _, table = self._templates(others, effects)
            if table.track_ids:
                profile = self._profile("", table)
                sure = return_sureness(track, forgotten, profile, self._calibration)
        if sure < SURE_RETURN:
            return False
        self._left_out.setdefault(source_id, set()).add(track_id)
        effects.returned[track_id] = True
        # Not of whom: that would be a record of where somebody goes who wanted to have none.
        _log.info(
            "a track in %s is left out: it is almost surely of somebody who was forgotten",
            source_id,
            extra={"source_id": source_id},
        )
        return True

    def _is_said(self, track_id: str) -> bool:
        """Whether people put a track together with others, or gave a name to who has it."""
        owner = self._membership.identity_of.get(track_id)
        return self._decisions.bind(track_id) or (owner is not None and owner in self._store.names())

    def _templates(
        self, track_ids: Sequence[str], effects: Effects
    ) -> tuple[dict[bytes, bytes], TemplateTable]:
        """Templates of tracks as of this step, as bytes by track and as a table."""
        missing = [track_id for track_id in track_ids if track_id not in effects.templates]
        rows = dict(self._store.template_rows(missing)) if missing else {}
        rows |= {t.encode(): effects.templates[t] for t in track_ids if t in effects.templates}
        return rows, TemplateTable.of(rows, dict.fromkeys(rows, b"-"), self._dimension)


def _joined(profiles: Sequence[Profiles]) -> Profiles:
    return Profiles(
        [name for some in profiles for name in some.person_ids],
        np.concatenate([some.means for some in profiles]),
        np.concatenate([some.size_weights for some in profiles]),
        np.concatenate([some.views for some in profiles]),
        np.concatenate([some.video_share for some in profiles]),
    )
