"""A collection from one model to another: its faces are recomputed from their stored pictures."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

from facestream.clusters.background import Background
from facestream.clusters.cluster_wiring import make_cluster_worker
from facestream.collection.catalogue import found
from facestream.configuration.settings import AUTO_DEVICE, DEFAULT_COLLECTION, Place
from facestream.errors import FacestreamError
from facestream.hint import command_line
from facestream.models.model_change import ModelChange, Reembedded
from facestream.wiring import (
    calibration_of,
    facts_of,
    find_parts,
    keys_of,
    load_parts,
    make_calibration,
    make_queue,
    make_staged_vectors,
    make_store,
    open_handle,
)
from storage.archive import Tell
from storage.connection import RedisHandle
from storage.hold import hold_collection
from storage.model_switch import STEP_BYTES, RenewedTrack, switch_models
from storage.sample_record import BareSample
from storage.staged_vectors import Embed
from storage.track_record import TrackRecord
from workers.errors import ManifestError, PackNotFoundError
from workers.models.calibration import Calibration
from workers.models.combination import Combination
from workers.models.manifest import Manifest
from workers.reembedding import embed_crops, renewed

# Faces that are embedded, and kept, at once.
_BATCH = 64
# Tracks that are read at once.
_CHUNK = 500
# Reading a large collection and a re-cluster take their time.
_PATIENCE_S = 600.0


def reembed(
    models: str,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    device: str = AUTO_DEVICE,
    redis: str | None = None,
    collection: str = DEFAULT_COLLECTION,
    before: Callable[[ModelChange], None] | None = None,
    tell: Tell | None = None,
) -> Reembedded:
    """Change a collection to other models: all vectors are recomputed from the stored pictures.

    People are grouped anew. Ids, names, decisions and pictures stay. Until all vectors are there, the
    collection keeps the old ones and can be used; where this is interrupted, the next call goes on.

    Args:
        models: Name or folder of the model pack that the collection gets.
        data_dir: Data folder; default: the setting `data_dir`, or the user's folder.
        device: What its models run on: "auto", "cpu", "cuda:0" and the like.
        redis: URL of a server of your own instead; default: the setting `redis`.
        collection: Name of the collection.
        before: Is told what is about to be done; may raise to prevent it.
        tell: Is told what is being done, how far it is, and how far it has to go.

    Raises:
        facestream.errors.NotFoundError: If there is no such collection.
        facestream.errors.UsageError: If the name can't be one.
        facestream.errors.FacestreamError: If a run with the old models left something to be taken in first.
        storage.errors.CollectionBusyError: If something is processing into the collection.
        storage.errors.ModelChangeError: If a change to other models than these was stopped half way.
        storage.errors.StorageError: If the folder or the server can't be used.
        workers.errors.WorkerError: If the models can't be loaded.
    """
    began_s = time.monotonic()
    place = Place.of(data_dir, redis, collection)
    parts = find_parts(models, place.data_dir)
    with open_handle(place) as handle, handle.errors():
        found(handle, place)
        work = _Reembedding(handle, place, models, device, parts, tell or _tell_nobody)
        change = work.execute(before)
        return Reembedded(
            change, collection, parts.manifest.model_id, work.people(), time.monotonic() - began_s
        )


def cancel(
    data_dir: str | os.PathLike[str] | None = None,
    *,
    redis: str | None = None,
    collection: str = DEFAULT_COLLECTION,
) -> bool:
    """Delete what an interrupted `reembed` has got ready; returns whether there was anything.

    Raises:
        facestream.errors.NotFoundError: If there is no such collection.
        storage.errors.ModelChangeError: If its vectors take the place of the old ones already.
        storage.errors.StorageError: If the folder or the server can't be used.
    """
    place = Place.of(data_dir, redis, collection)
    with open_handle(place) as handle, handle.errors():
        found(handle, place)
        return make_staged_vectors(handle, keys_of(place)).discard()


class _Reembedding:
    """One change of one collection."""

    def __init__(
        self, handle: RedisHandle, place: Place, models: str, device: str, parts: Combination, tell: Tell
    ) -> None:
        self._handle = handle
        self._place = place
        self._keys = keys_of(place)
        self._models = models
        self._device = device
        self._parts = parts
        self._manifest = parts.manifest
        self._tell = tell
        self._store = make_store(handle, self._keys)
        self._queue = make_queue(handle, self._keys)
        self._staged = make_staged_vectors(handle, self._keys)
        # Pictures that no vector can be made of.
        self._failed: set[str] = set()

    def people(self) -> tuple[str, ...]:
        """Ids of all people."""
        return tuple(person.identity_id for person in self._store.people())

    def execute(self, before: Callable[[ModelChange], None] | None) -> ModelChange | None:
        """Do what is still to be done; None where that is nothing."""
        self._store.check_schema()
        self._store.check_key()
        meta = self._store.meta()
        manifest, calibration = self._manifest, calibration_of(self._parts)
        model_id = manifest.model_id
        if meta.get("changing_to") != model_id:
            self._store.check_usable()
            if meta.get("model_id") == model_id:
                self._staged.discard()
                self._store.claim_model(model_id, self._facts(), self._models)
                # The re-cluster after a change that was stopped at its very end, say.
                self._settle(manifest, calibration)
                return None
        if "changing_to" in meta:
            change = self._change(meta)
            self._switch(calibration)
        else:
            self._take_in(meta)
            change = self._change(meta)
            if before is not None:
                before(change)
            pack = load_parts(self._parts, self._device)
            embed = partial(embed_crops, embedder=pack.embedder)
            self._staged.begin(model_id, self._facts())
            done = False
            while not done:
                self._fill(embed)
                done = self._switch(calibration, whole=True)
        self._settle(manifest, calibration)
        return change

    def _facts(self) -> dict[str, str]:
        return facts_of(self._parts, self._models)

    def _change(self, meta: Mapping[str, str]) -> ModelChange:
        """What there is to do, by the pictures that there are."""
        faces = left_out = mute = 0
        for tracks, samples in self._stored("looking at pictures"):
            with_crop = {i for i, sample in samples.items() if sample.has_crop}
            for track in tracks:
                usable = len(with_crop.intersection(track.sample_ids))
                faces += len(track.sample_ids)
                left_out += len(track.sample_ids) - usable
                mute += not usable
        licence = self._manifest.licence
        return ModelChange(
            self._keys.collection,
            meta.get("pack", ""),
            self._manifest.name,
            licence.commercial_use,
            self.people(),
            faces,
            left_out,
            mute,
            len(self._store.kept_out_ids()),
            self._manifest.assumed,
        )

    def _take_in(self, meta: Mapping[str, str]) -> None:
        """Let what a run has found with the old models have its effect; nobody may be at work now."""
        with hold_collection(self._handle.client, self._keys):
            pass
        if not self._queue.waiting():
            return
        pack, model_id = meta.get("pack", ""), meta.get("model_id", "")
        try:
            known, calibration = make_calibration(meta.get("models") or pack, self._place.data_dir)
        except (PackNotFoundError, ManifestError):
            known = None
        if known is None or known.model_id != model_id:
            raise FacestreamError(
                f"{self._queue.waiting()} entries that a run left in collection "
                f"{self._keys.collection!r} have to be taken in first, with its present models: pack "
                f"{pack!r}, which is not found. Run any file with the folder of that pack, then this "
                f"command again: {command_line(self._place, 'run', '--models', 'FOLDER', 'FILE')}"
            )
        self._settle(known, calibration)

    def _settle(self, manifest: Manifest, calibration: Calibration) -> None:
        """Let a cluster worker do what waits for one."""
        if not self._queue.waiting():
            return
        self._tell("grouping people", 0, 1)
        self._queue.prepare()
        worker = make_cluster_worker(self._handle, self._keys, manifest, calibration)
        with Background(worker, self._handle) as background:
            background.wait_until(lambda: not self._queue.waiting(), _PATIENCE_S)

    def _fill(self, embed: Embed) -> None:
        """Recompute all faces that are not recomputed yet."""
        missing = self._missing()
        done = len(self._staged.sample_ids())
        total = done + len(missing)
        for start in range(0, len(missing), _BATCH):
            self._tell("recomputing faces", done + start, total)
            batch = missing[start : start + _BATCH]
            left = set(batch) - self._staged.add(batch, embed)
            # Those that were deleted in between may come again.
            self._failed.update(sample.sample_id for sample in self._store.bare_samples(left))

    def _missing(self) -> list[str]:
        """Samples with a picture that are not recomputed yet, track by track."""
        known = self._staged.sample_ids() | self._failed
        return [
            sample_id
            for _, samples in self._stored("", known)
            for sample_id, sample in samples.items()
            if sample.has_crop
        ]

    def _switch(self, calibration: Calibration, *, whole: bool = False) -> bool:
        """Let the new vectors take the place of the old ones.

        Args:
            calibration: Of the new models.
            whole: Not unless there is one for every picture.

        Returns:
            Whether it was done.
        """
        with hold_collection(self._handle.client, self._keys) as hold:
            if whole and self._missing():
                return False
            switch_models(
                self._handle.client,
                hold,
                self._renewed(calibration),
                "other models",
                STEP_BYTES,
                self._handle.data_keys,
            )
        return True

    def _renewed(self, calibration: Calibration) -> Iterator[RenewedTrack]:
        for tracks, samples in self._stored("changing models"):
            vectors = self._staged.vectors(samples)
            for track in tracks:
                yield renewed(track, samples, vectors, self._manifest.model_id, calibration)

    def _stored(
        self, what: str, but: Collection[str] = ()
    ) -> Iterator[tuple[list[TrackRecord], dict[str, BareSample]]]:
        """All tracks, some at a time, with their samples by id.

        Args:
            what: What is being done, for those who are told of it; empty for nothing.
            but: Samples to leave out.
        """
        ids = self._store.track_ids()
        for start in range(0, len(ids), _CHUNK):
            if what:
                self._tell(what, start, len(ids))
            tracks = list(self._store.tracks(ids[start : start + _CHUNK]))
            wanted = [i for track in tracks for i in track.sample_ids if i not in but]
            yield tracks, {sample.sample_id: sample for sample in self._store.bare_samples(wanted)}


def _tell_nobody(_what: str, _done: int, _total: int) -> None:
    """Let nobody know how far it is."""
