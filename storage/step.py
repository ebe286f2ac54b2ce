"""One step of the cluster worker as commands of one transaction."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from storage.commands import Pipeline, Value
from storage.data_keys import PLAIN, DataSeal, kept_out_context, template_context
from storage.dead_letters import DEAD_LIMIT, put_aside
from storage.effects import Effects, Said
from storage.erasure_record import ERASURES_LIMIT
from storage.fields import Fields
from storage.identity_record import ChangeKind, Identity, IdentityChange, number_of
from storage.keys import Keys
from storage.sample_queue import GROUP
from storage.sighting_rows import SightingRows
from storage.stream_trimming import MOST

_RECLUSTERS_LIMIT = 10_000
_NO_LANDMARKS = bytes(40)


def write_step(
    pipe: Pipeline,
    keys: Keys,
    effects: Effects,
    names: Mapping[str, str],
    back: Collection[str],
    seal: DataSeal = PLAIN,
) -> None:
    """Queue the commands of a step.

    Args:
        pipe: A transaction that has begun.
        keys: Keys of the collection.
        effects: What changes.
        names: Names that people take over, by id.
        back: People who give back a name.
        seal: What seals vectors and pictures, where the collection is encrypted.
    """
    now_s = time.time()
    now = f"{now_s:.3f}"
    _queue_samples(pipe, keys, effects, seal, now_s)
    _queue_tracks(pipe, keys, effects, seal)
    _queue_people(pipe, keys, effects, names, back)
    _queue_erasures(pipe, keys, effects, now)
    _queue_kept_out(pipe, keys, effects, seal)
    unsaid = [*(i for i in names if i not in effects.names), *back]
    renamed = [IdentityChange(ChangeKind.RENAMED, i) for i in unsaid]
    _queue_streams(pipe, keys, effects, renamed, now)


def _queue_samples(pipe: Pipeline, keys: Keys, effects: Effects, seal: DataSeal, now_s: float) -> None:
    changed = [*effects.samples_removed, *(sample.sample_id for sample in effects.samples)]
    if changed:
        # What another model made of a face goes with it, and is made anew of one that is written again.
        pipe.hdel(keys.reembed_vectors, *changed)
    for sample in effects.samples:
        pipe.hset(keys.sample(sample.sample_id), mapping=sample.encode(seal))
    for sample_id in effects.samples_removed:
        pipe.delete(keys.sample(sample_id))
    named = {sample_id for track in effects.tracks for sample_id in track.sample_ids}
    settled = [*named, *effects.samples_named, *effects.samples_removed]
    if settled:
        pipe.zrem(keys.unclaimed, *settled)
    unclaimed = {sample.sample_id for sample in effects.samples}.difference(settled)
    if unclaimed:
        pipe.zadd(keys.unclaimed, dict.fromkeys(sorted(unclaimed), now_s))


def _queue_tracks(pipe: Pipeline, keys: Keys, effects: Effects, seal: DataSeal) -> None:
    owners = effects.assignments
    if effects.tracks:
        pipe.sadd(keys.tracks, *(track.track_id for track in effects.tracks))
    of_source: dict[str, list[str]] = {}
    for track in effects.tracks:
        of_source.setdefault(track.source_id, []).append(track.track_id)
        fields = track.encode()
        if track.track_id in owners:
            fields["identity_id"] = owners[track.track_id] or ""
        pipe.hset(keys.track(track.track_id), mapping=fields)
    for source_id, track_ids in of_source.items():
        pipe.sadd(keys.source_tracks(source_id), *track_ids)
    if effects.templates:
        sealed: Fields = {t: seal.seal(row, template_context(t)) for t, row in effects.templates.items()}
        pipe.hset(keys.templates, mapping=sealed)
    for track_id in owners.keys() - {track.track_id for track in effects.tracks}:
        pipe.hset(keys.track(track_id), "identity_id", owners[track_id] or "")
    if assigned := {track_id: owner for track_id, owner in owners.items() if owner}:
        pipe.hset(keys.assignments, mapping=assigned)
    if nobodys := [track_id for track_id, owner in owners.items() if not owner]:
        pipe.hdel(keys.assignments, *nobodys)
    if unsure := [track_id for track_id, provisional in effects.provisional.items() if provisional]:
        pipe.sadd(keys.provisional, *unsure)
    if sure := [track_id for track_id, provisional in effects.provisional.items() if not provisional]:
        pipe.srem(keys.provisional, *sure)
    for track_id, source_id in effects.tracks_removed.items():
        pipe.srem(keys.source_tracks(source_id), track_id)
        pipe.delete(keys.track(track_id))
    if removed := list(effects.tracks_removed):
        pipe.srem(keys.tracks, *removed)
        pipe.srem(keys.provisional, *removed)
        pipe.hdel(keys.templates, *removed)
        pipe.hdel(keys.assignments, *removed)
    for source in effects.sources.values():
        pipe.hset(keys.source(source.source_id), mapping=source.progress_fields())


def _queue_people(
    pipe: Pipeline, keys: Keys, effects: Effects, names: Mapping[str, str], back: Collection[str]
) -> None:
    for identity_id, gone in effects.members_removed.items():
        if gone:
            pipe.srem(keys.identity_tracks(identity_id), *gone)
    for identity_id, come in effects.members_added.items():
        if come:
            pipe.sadd(keys.identity_tracks(identity_id), *come)
    overview: dict[str, Value] = {}
    for identity in effects.identities:
        rows = effects.sightings.get(identity.identity_id) or SightingRows(identity.sightings)
        _queue_identity(pipe, keys, identity, rows)
        # Of two records of somebody, the last one holds.
        overview.pop(identity.identity_id, None)
        if identity.tracks:
            overview[identity.identity_id] = identity.encode_overview(rows.json())
    if overview:
        pipe.hset(keys.people, mapping=overview)
        pipe.zadd(keys.identities, {identity_id: number_of(identity_id) for identity_id in overview})
    for identity_id, name in names.items():
        pipe.hset(keys.identity(identity_id), "name", name)
        pipe.hset(keys.names, identity_id, name)
    # One who is brought back may have gone again in the same step.
    there = {identity.identity_id for identity in effects.identities if identity.tracks}
    for identity_id in effects.revived.keys() & there:
        _queue_said(pipe, keys, identity_id, effects.revived[identity_id])
    for identity_id in back:
        pipe.hset(keys.identity(identity_id), "name", "")
        pipe.hdel(keys.names, identity_id)
    for identity_id in effects.ignored:
        pipe.hset(keys.identity(identity_id), "ignored", 1)
        pipe.sadd(keys.ignored, identity_id)
    if effects.applied:
        pipe.hset(keys.meta, "decisions_applied", effects.applied)
    for identity_id in effects.forgotten:
        _queue_tombstone(pipe, keys, identity_id)


def _queue_streams(
    pipe: Pipeline, keys: Keys, effects: Effects, renamed: list[IdentityChange], now: str
) -> None:
    for change in (*effects.changes, *renamed):
        fields = {**change.encode(), "published_at_s": now}
        pipe.xadd(keys.changes, fields, maxlen=MOST, approximate=True)
    if effects.reclustered is not None:
        pipe.xadd(keys.reclusters, effects.reclustered.encode(), maxlen=_RECLUSTERS_LIMIT, approximate=True)
    for delivery in effects.unreadable:
        entry: dict[bytes, Value] = {**put_aside(delivery.raw, delivery.dead_id, delivery.problem, now)}
        pipe.xadd(keys.dead, entry, maxlen=DEAD_LIMIT, approximate=True)
    seen_to = (*effects.done, *effects.unreadable)
    if tried_again := [delivery.dead_id for delivery in seen_to if delivery.dead_id]:
        pipe.xdel(keys.dead, *tried_again)
    finished = [delivery.entry_id for delivery in seen_to]
    if finished:
        pipe.xack(keys.samples, GROUP, *finished)
        pipe.xdel(keys.samples, *finished)


def _queue_erasures(pipe: Pipeline, keys: Keys, effects: Effects, now: str) -> None:
    for key, entry_ids in effects.erased.items():
        pipe.xack(key, GROUP, *entry_ids)
        pipe.xdel(key, *entry_ids)
    for key, below in effects.trimmed.items():
        # To the entry: Redis would leave what shares a block with younger ones.
        pipe.execute_command("XTRIM", key, *(("MINID", "=", below) if below else ("MAXLEN", "=", 0)))
    for sample_id in effects.pictures_removed - effects.samples_removed:
        pipe.hset(keys.sample(sample_id), mapping={"crop_jpeg": b"", "crop_landmarks": _NO_LANDMARKS})
    for source_id in effects.sources_removed:
        pipe.srem(keys.sources, source_id)
        pipe.delete(keys.source(source_id), keys.source_tracks(source_id))
    for erasure in effects.erasures:
        fields = {**erasure.encode(), "erased_at_s": now}
        pipe.xadd(keys.erasures, fields, maxlen=ERASURES_LIMIT, approximate=True)
    if effects.erasures or effects.returned:
        pipe.hset(keys.meta, "erased_at_s", now)
        # By an order that no clock can reverse which is set back in between.
        pipe.hdel(keys.meta, "rewritten_at_s")


def _queue_kept_out(pipe: Pipeline, keys: Keys, effects: Effects, seal: DataSeal) -> None:
    for name, rows in effects.kept_out.items():
        pipe.hset(keys.kept_out, name, seal.seal(rows, kept_out_context(name)))
    if effects.kept_out_removed:
        pipe.hdel(keys.kept_out, *effects.kept_out_removed)
    if new := sum(effects.returned.values()):
        pipe.hincrby(keys.meta, "returns_ignored", new)


def _queue_identity(pipe: Pipeline, keys: Keys, identity: Identity, rows: SightingRows) -> None:
    pipe.hset(keys.identity(identity.identity_id), mapping=identity.encode())
    if identity.tracks == 0:
        pipe.delete(keys.identity_sightings(identity.identity_id))
        pipe.zrem(keys.identities, identity.identity_id)
        pipe.hdel(keys.people, identity.identity_id)
        pipe.hdel(keys.names, identity.identity_id)
        pipe.srem(keys.ignored, identity.identity_id)
        if not identity.merged_into:
            # An undone merge brings back who was merged; nobody brings back who vanished.
            pipe.hdel(keys.identity(identity.identity_id), "name", "ignored")
        return
    key = keys.identity_sightings(identity.identity_id)
    if rows.is_new:
        pipe.delete(key)
    elif rows.gone:
        pipe.zrem(key, *rows.gone)
    come = rows.starts if rows.is_new else rows.come
    if come:
        pipe.zadd(key, come)


def _queue_said(pipe: Pipeline, keys: Keys, identity_id: str, said: Said) -> None:
    """What is said of somebody whom nobody could name or ignore until now, as they were not there."""
    pipe.hset(keys.identity(identity_id), mapping={"name": said.name, "ignored": int(said.ignored)})
    if said.name:
        pipe.hset(keys.names, identity_id, said.name)
    if said.ignored:
        pipe.sadd(keys.ignored, identity_id)


def _queue_tombstone(pipe: Pipeline, keys: Keys, identity_id: str) -> None:
    """Leave nothing of a person but that there was one."""
    pipe.zrem(keys.identities, identity_id)
    pipe.hdel(keys.people, identity_id)
    pipe.hdel(keys.names, identity_id)
    pipe.srem(keys.ignored, identity_id)
    pipe.delete(
        keys.identity(identity_id),
        keys.identity_tracks(identity_id),
        keys.identity_sightings(identity_id),
    )
    pipe.hset(keys.identity(identity_id), mapping={"identity_id": identity_id, "forgotten": 1})
