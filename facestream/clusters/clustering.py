"""Faces grouped by a classic algorithm: those of photos, or the tracks of a collection. Nothing is stored."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

import numpy as np

from facestream.clusters.cluster_choice import ClusterChoice, choose
from facestream.clusters.cluster_settings import MOST_ITEMS, ClusterOptions, ClusterSettings
from facestream.clusters.face_set import FaceSet, FloatArray, faces_of_photos, tracks_of_collection
from facestream.clusters.nearness import Nearness
from facestream.configuration.settings import AUTO_DEVICE, DEFAULT_MODELS, Place
from facestream.errors import FacestreamError, NoFaceError, UsageError
from facestream.people.people_view import counted
from facestream.people.person import Face
from facestream.quality.evaluation import Separation
from facestream.readable_path import readable_path
from facestream.wiring import make_manifest, make_pack
from stream.discover import VIDEO_ENDINGS, Discovery, discover
from stream.errors import StreamError
from workers.clustering.grouping import Grouping, IntArray
from workers.clustering.metrics import davies_bouldin, dunn, silhouette

if TYPE_CHECKING:
    from facestream.client import Store

_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """What a classic algorithm made of faces.

    Attributes:
        kind: Whether the items are faces of "photos", or "tracks".
        faces: The items.
        grouping: Their clusters, and what made them.
        chosen: Why a setting that was not asked for is what it is, by its name.
        separation: How well the clusters are separated.
        nearness: How near faces of one person are by the model pack, for settings that are not asked for.
        seconds: How long the clustering took, without the look at the photos.
        photos: How many photos were looked at, without those that could not be read.
        failed: What could not be read, with the reason.
        videos: Videos among the photos, which were left out.
    """

    kind: Literal["photos", "tracks"]
    faces: FaceSet
    grouping: Grouping
    chosen: Mapping[str, str]
    separation: Separation
    nearness: Nearness
    seconds: float
    photos: int = 0
    failed: tuple[tuple[Path, str], ...] = ()
    videos: tuple[Path, ...] = ()

    @property
    def pack(self) -> str:
        """Name of the model pack."""
        return self.nearness.manifest.name

    @property
    def labels(self) -> IntArray:
        """Cluster of each item, int (N,): 0 is the largest, -1 nobody."""
        return self.grouping.labels

    def rows(self) -> Iterator[Face]:
        """Every face, item by item; its identity is the cluster's number from 1, or empty for nobody."""
        for label, faces in zip(self.labels.tolist(), self.faces.faces, strict=True):
            identity = str(label + 1) if label >= 0 else ""
            for face in faces:
                # As it is stored for the faces of tracks.
                source = readable_path(Path(face.source)) if self.kind == "photos" else face.source
                yield replace(face, source=source, identity=identity)

    def row_vectors(self) -> FloatArray:
        """The vector of each row's item, float32 (rows, D)."""
        return np.repeat(self.faces.vectors, [len(faces) for faces in self.faces.faces], axis=0)

    def write_folders(self, folder: str | os.PathLike[str]) -> int:
        """Copy the photos, or write the faces of tracks, into a folder for each cluster: 1, 2, ..., `nobody`.

        Args:
            folder: New or empty; it appears when it is complete.

        Returns:
            How many files were written.

        Raises:
            FacestreamError: If it can't be written.
        """
        from facestream.clusters.cluster_folders import write_folders

        return write_folders(Path(folder), self)

    def again(self, **options: Unpack[ClusterOptions]) -> Clusters:
        """The same faces by another algorithm or with other settings; nothing is looked at anew.

        Args:
            **options: The algorithm and what it goes by, see `ClusterOptions`.

        Raises:
            UsageError: If an option doesn't fit the algorithm or the faces, or there are too many.
        """
        settings = ClusterSettings.of(options)
        choice = choose(settings, self.nearness)
        noun = "face" if self.kind == "photos" else "track"
        settings.check_most(len(self.faces), noun)
        settings.check_least(len(self.faces), noun)
        return replace(self, **_grouped(choice, self.faces))


def cluster(
    *photos: str | os.PathLike[str],
    models: str = DEFAULT_MODELS,
    data_dir: str | os.PathLike[str] | None = None,
    device: str = AUTO_DEVICE,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
    **options: Unpack[ClusterOptions],
) -> Clusters:
    """Group the faces of photos by a classic algorithm.

    Args:
        *photos: Files, and folders of them.
        models: Name or folder of a model pack.
        data_dir: Data folder with the models folder; default: the setting `data_dir`, or the user's folder.
        device: What its models run on: "auto", "cpu", "cuda:0" and the like.
        tell: Is told how many photos of how many are done.
        **options: The algorithm and what it goes by, see `ClusterOptions`.

    Raises:
        UsageError: If an option doesn't fit the algorithm or the faces, or there are too many.
        NoFaceError: If no photo shows a face.
        FacestreamError: If there is no photo, or none could be read.
        WorkerError: If the models can't be loaded.
    """
    settings = ClusterSettings.of(options)
    found = _without_guesses(discover([Path(photo) for photo in photos]))
    _check_photos(found)
    folder = Place.of(data_dir).data_dir
    nearness = Nearness(make_manifest(models, folder))
    # What can't be chosen is said before the photos are looked at, which takes its time.
    choice = choose(settings, nearness)
    pack = make_pack(models, folder, device)
    paths = (*found.photos, *found.heic)
    faces = faces_of_photos(paths, pack, tell=tell, count=lambda items: settings.check_most(items, "face"))
    failed = (*((path, str(error)) for path, error in found.failed), *faces.failed)
    if not len(faces):
        raise _no_faces(faces.faceless, failed)
    settings.check_least(len(faces), "face")
    return Clusters(
        kind="photos",
        faces=faces,
        nearness=nearness,
        **_grouped(choice, faces),
        photos=len(paths) - len(faces.failed),
        failed=failed,
        videos=found.videos,
    )


def cluster_tracks(store: Store, *, models: str | None = None, **options: Unpack[ClusterOptions]) -> Clusters:
    """Group the stored tracks of a collection by a classic algorithm; the people there stay as they are.

    Args:
        store: The open collection.
        models: Name or folder of the model pack that it was made with; default: the collection's own.
        **options: The algorithm and what it goes by, see `ClusterOptions`.

    Raises:
        UsageError: If an option doesn't fit the algorithm or the tracks, or there are too many.
        NotFoundError: If there is no track.
        StorageError: If Redis fails, or if the collection was made with other models.
        WorkerError: If there is no such model pack.
    """
    settings = ClusterSettings.of(options)
    manifest = make_manifest(store.models_for(models), store.data_dir)
    faces = tracks_of_collection(store, manifest.model_id, manifest.embedder.dimension)
    nearness = Nearness(manifest, faces.in_video)
    choice = choose(settings, nearness)
    settings.check_most(len(faces), "track")
    settings.check_least(len(faces), "track")
    _check_vectors(faces)
    return Clusters(kind="tracks", faces=faces, nearness=nearness, **_grouped(choice, faces))


def _without_guesses(found: Discovery) -> Discovery:
    """The same, where a file that would only be tried as a video is a photo or has failed as one."""
    from facestream.search.search import read_photo

    photos, failed = list(found.photos), list(found.failed)
    guesses = [path for path in found.videos if path.suffix.lower() not in VIDEO_ENDINGS | {".gif"}]
    for path in guesses:
        try:
            read_photo(path)
        except StreamError as error:
            failed.append((path, error))
        else:
            photos.append(path)
    videos = tuple(path for path in found.videos if path not in guesses)
    return replace(found, videos=videos, photos=tuple(photos), failed=tuple(failed))


def _check_photos(found: Discovery) -> None:
    """Refuse what holds no photo.

    Raises:
        FacestreamError: Says what is there instead.
    """
    if found.photos:
        return
    if found.videos:
        raise UsageError(
            f"{str(found.videos[0])!r} is a video. `facestream run` finds the tracks in it, and `facestream "
            "cluster` without files groups those."
        )
    if not found.failed:
        raise UsageError("no photos were given. Name files, or folders of them.")
    raise FacestreamError("\n".join(str(error) for _, error in found.failed)) from found.failed[0][1]


def _no_faces(faceless: tuple[Path, ...], failed: tuple[tuple[Path, str], ...]) -> FacestreamError:
    if not faceless:
        reasons = "\n".join(reason for _, reason in failed[:_NAMED])
        more = "\n..." if len(failed) > _NAMED else ""
        return FacestreamError(f"no photo could be read:\n{reasons}{more}")
    names = ", ".join(repr(str(path)) for path in faceless[:_NAMED])
    more = ", ..." if len(faceless) > _NAMED else ""
    return NoFaceError(
        f"no face was found in {counted(len(faceless), 'photo')} ({names}{more}). Use some in which faces "
        "are larger, upright and seen from the front.",
        photo=str(faceless[0]),
    )


def _check_vectors(tracks: FaceSet) -> None:
    """Refuse tracks that point nowhere.

    Raises:
        FacestreamError: Names the first.
    """
    bad = np.flatnonzero(~tracks.vectors.any(axis=1))
    if bad.size:
        track = tracks.faces[bad[0]][0].track
        raise FacestreamError(
            f"track {track}: its vector is all zeros; the record is damaged. Restore a backup, or process "
            "its file again into another --collection."
        )


class _Grouped(TypedDict):
    """What depends on the algorithm."""

    grouping: Grouping
    chosen: Mapping[str, str]
    separation: Separation
    seconds: float


def _grouped(choice: ClusterChoice, faces: FaceSet) -> _Grouped:
    began_s = time.monotonic()
    grouping, chosen = choice.grouping(faces.vectors)
    separation = _separation(faces, grouping)
    return _Grouped(
        grouping=grouping, chosen=chosen, separation=separation, seconds=time.monotonic() - began_s
    )


def _separation(faces: FaceSet, grouping: Grouping) -> Separation:
    if len(faces) > MOST_ITEMS:
        # All with all would take longer than the clustering.
        return Separation(None, None, None)
    labels = [None if label < 0 else label for label in grouping.labels.tolist()]
    return Separation(
        silhouette(faces.vectors, labels),
        davies_bouldin(faces.vectors, labels),
        dunn(faces.vectors, labels),
    )
