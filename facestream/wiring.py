"""The one place where concrete classes are put together."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.configuration.settings import AUTO_DEVICE, Place, model_cache
from facestream.errors import UsageError
from facestream.hint import place_options
from facestream.readable_path import readable
from storage.catalogue import Catalogue
from storage.connection import RedisHandle, open_redis
from storage.data_keys import DataKeys
from storage.datafolder import DataFolder, default_data_dir
from storage.keys import Keys
from storage.people_reader import PeopleReader
from storage.redaction import redact_url

if TYPE_CHECKING:
    from facestream.events.news import News
    from facestream.people.people_board import PeopleBoard
    from storage.camera_store import CameraStore
    from storage.camera_view_store import CameraViewStore
    from storage.change_reader import ChangeReader
    from storage.dead_letters import DeadLetters
    from storage.decision_log import DecisionLog
    from storage.identity_store import IdentityStore
    from storage.job_store import JobStore
    from storage.lease import Lease
    from storage.look_mark import LookMark
    from storage.sample_queue import SampleQueue
    from storage.source_claims import SourceClaims
    from storage.staged_vectors import StagedVectors
    from storage.token_store import TokenStore
    from workers.models.calibration import Calibration
    from workers.models.combination import Combination
    from workers.models.device_choice import DeviceChoice
    from workers.models.manifest import Manifest
    from workers.models.pack import Pack


def keys_of(place: Place) -> Keys:
    """Key names of a collection.

    Raises:
        UsageError: If the name can't be one.
    """
    try:
        return Keys(place.collection)
    except ValueError as error:
        raise UsageError(f"{error}. Choose another --collection.") from error


def open_folder(place: Place) -> DataFolder:
    """The data folder, made if it isn't there."""
    return DataFolder(place.data_dir or default_data_dir())


def open_handle(place: Place) -> RedisHandle:
    """The connection to the server of a place, for its collection, to be closed by the caller.

    Raises:
        UsageError: If the collection's name can't be one.
    """
    handle = open_redis(place.redis_url, None if place.redis_url else open_folder(place), keys_of(place))
    options = " ".join(place_options(place, collection=False))
    return replace(handle, options=options, data_keys=data_keys_of(place))


def data_keys_of(place: Place) -> DataKeys:
    """The keys that encrypted collections are opened with; none are read before one is needed."""
    return DataKeys.of(place.data_dir or default_data_dir(), os.environ)


def make_queue(
    handle: RedisHandle, keys: Keys, model_id: str = "", fence: Lease | None = None
) -> SampleQueue:
    """The sample queue of a collection; `model_id` for senders of vectors, `fence` for those of cameras."""
    from storage.sample_queue import SampleQueue

    return SampleQueue(handle.client, keys, model_id=model_id, fence=fence, data_keys=handle.data_keys)


def make_look_mark(handle: RedisHandle, keys: Keys) -> Callable[[str], LookMark]:
    """What marks that a source is looked at, by its id."""
    from storage.look_mark import LookMark

    return partial(LookMark, handle.client, keys)


def make_claims(handle: RedisHandle, keys: Keys) -> SourceClaims:
    """Which videos this process looks at."""
    from storage.source_claims import SourceClaims

    return SourceClaims(handle.client, keys)


def make_dead_letters(handle: RedisHandle, keys: Keys) -> DeadLetters:
    """What could not be taken in by a collection."""
    from storage.dead_letters import DeadLetters

    return DeadLetters(handle.client, keys)


def make_staged_vectors(handle: RedisHandle, keys: Keys) -> StagedVectors:
    """What another model makes of the faces of a collection."""
    from storage.staged_vectors import StagedVectors

    return StagedVectors(handle.client, keys, handle.options, handle.data_keys)


def make_store(handle: RedisHandle, keys: Keys) -> IdentityStore:
    """The identity store of a collection."""
    from storage.identity_store import IdentityStore

    return IdentityStore(handle.client, keys, handle.options, handle.data_keys)


def make_log(handle: RedisHandle, keys: Keys) -> DecisionLog:
    """What people decided in a collection."""
    from storage.decision_log import DecisionLog

    return DecisionLog(handle.client, keys)


def make_camera_store(handle: RedisHandle, keys: Keys) -> CameraStore:
    """The cameras of a collection."""
    from storage.camera_store import CameraStore

    return CameraStore(handle.client, keys)


def make_token_store(handle: RedisHandle, keys: Keys) -> TokenStore:
    """Tokens and sessions of a collection."""
    from storage.token_store import TokenStore

    return TokenStore(handle.client, keys)


def make_view_store(handle: RedisHandle, keys: Keys) -> CameraViewStore:
    """Live pictures of the cameras of a collection."""
    from storage.camera_view_store import CameraViewStore

    return CameraViewStore(handle.client, keys)


def make_job_store(handle: RedisHandle, keys: Keys) -> JobStore:
    """What was handed in to be processed into a collection."""
    from storage.job_store import JobStore

    return JobStore(handle.client, keys)


def make_reader(handle: RedisHandle, keys: Keys) -> PeopleReader:
    """The people and sources of a collection, to be read."""
    return PeopleReader(handle.client, keys, handle.options, handle.data_keys)


def make_board(handle: RedisHandle, reader: PeopleReader, news: News) -> PeopleBoard:
    """Everybody in a collection, in memory."""
    from facestream.people.changed_people import ChangedPeople
    from facestream.people.people_board import PeopleBoard
    from storage.change_reader import ChangeReader
    from storage.overview import Overview

    with handle.errors():
        changes = ChangeReader(handle.client, reader.keys)
    overview = Overview(handle.client, reader.keys)
    return PeopleBoard(handle, reader, ChangedPeople(reader, overview, changes), news)


def make_change_reader(handle: RedisHandle, keys: Keys) -> ChangeReader:
    """What happens to the people of a collection, from now on or after an event."""
    from storage.change_reader import ChangeReader

    return ChangeReader(handle.client, keys)


def make_catalogue(handle: RedisHandle) -> Catalogue:
    """The collections of a server."""
    return Catalogue(handle.client, handle.primaries)


def make_device(written: str) -> DeviceChoice:
    """The device for models that is asked for, or the best there is for "auto".

    Raises:
        UsageError: If it is written wrongly.
        DeviceError: If models don't run on it.
    """
    from workers.models.device import Device
    from workers.models.device_probe import resolve_device

    try:
        asked = Device.parse(written)
    except ValueError as error:
        raise UsageError(f"{error}.") from error
    return resolve_device(asked)


def models_dir(data_dir: Path | None = None) -> Path:
    """The folder of packs that were pulled or added, which need not be there.

    Args:
        data_dir: Data folder; default: the setting `data_dir`, or the user's folder.
    """
    return (data_dir or Place.of().data_dir or default_data_dir()) / "models"


def find_parts(name: str, data_dir: Path | None = None) -> Combination:
    """The detector and the embedder of a pack.

    Packs are built in, in the models folder, in InsightFace's model root, or anywhere by their paths.

    Args:
        name: Name or folder of the pack, or `DETECTOR+EMBEDDER`.
        data_dir: Data folder with the models folder; default: the setting `data_dir`, or the user's folder.
    """
    from workers.models.combination import find_combination
    from workers.models.pack_root import insightface_root

    return find_combination(name, (models_dir(data_dir), insightface_root()))


def make_pack(name: str, data_dir: Path | None = None, device: str = AUTO_DEVICE) -> Pack:
    """Load a model pack for a device; the other arguments are those of `find_parts`.

    Raises:
        UsageError: If the device is written wrongly.
        WorkerError: If the pack can't be loaded, or doesn't run there.
    """
    return load_parts(find_parts(name, data_dir), device)


def load_parts(parts: Combination, device: str = AUTO_DEVICE) -> Pack:
    """Load what `find_parts` found; the same errors as those of `make_pack`."""
    from workers.models.combination import load_combination

    return load_combination(parts, model_cache(), device=make_device(device).device)


def make_manifest(name: str, data_dir: Path | None = None) -> Manifest:
    """What a model pack says of itself; nothing of it is loaded. Arguments as those of `find_parts`."""
    return find_parts(name, data_dir).manifest


def facts_of(parts: Combination, name: str) -> dict[str, str]:
    """What a collection keeps of the pack that its faces were compared with.

    Args:
        parts: The pack.
        name: Name or folder by which it was asked for.
    """
    manifest, licence = parts.manifest, parts.manifest.licence
    # A folder is found again from whichever one facestream is called in.
    by_path = os.sep in name or parts.embeds.folder == Path(name)
    if by_path and readable(parts.address) != parts.address:
        raise UsageError(
            f"{readable(parts.address)}: its path is no UTF-8, and a collection keeps text alone. Move the "
            "pack to another folder."
        )
    return {
        "pack": manifest.name,
        "models": parts.address if by_path else name,
        "licence": licence.title,
        "commercial_use": "" if licence.commercial_use is None else str(int(licence.commercial_use)),
    }


def make_calibration(name: str, data_dir: Path | None = None) -> tuple[Manifest, Calibration]:
    """What a model pack says of itself, and what its similarities mean; its models are not loaded.

    Arguments as those of `find_parts`.
    """
    parts = find_parts(name, data_dir)
    return parts.manifest, calibration_of(parts)


def calibration_of(parts: Combination) -> Calibration:
    """What similarities of a pack's vectors mean."""
    from workers.models.pack import load_calibration

    return load_calibration(parts.embeds.folder, parts.manifest)


def thumbnails_there(place: Place) -> Path:
    """The same folder as `thumbnails_folder`, which need not be there, and isn't made."""
    return _of_collection((place.data_dir or default_data_dir()).expanduser() / "thumbnails", place)


def thumbnails_folder(place: Place) -> Path:
    """Folder for thumbnail files of a collection; the same ids mean other people on other servers."""
    return _of_collection(open_folder(place).thumbnails_dir, place)


def uploads_folder(place: Place) -> Path:
    """Folder for videos and photos that are uploaded into a collection, which need not be there."""
    return _of_collection(open_folder(place).path / "uploads", place)


def _of_collection(folder: Path, place: Place) -> Path:
    if place.redis_url:
        server = hashlib.sha256(redact_url(place.redis_url).encode()).hexdigest()[:8]
        folder = folder / f"server-{server}"
    return folder / place.collection


def thumbnails_folders(place: Place) -> list[Path]:
    """All folders that may hold thumbnail files of a collection.

    One server has several addresses (names, ports that go without saying), and a folder for each. A file that
    is deleted for another server's sake is written again when it is asked for.
    """
    if not place.redis_url:
        return [thumbnails_folder(place)]
    return sorted(open_folder(place).thumbnails_dir.glob(f"server-*/{place.collection}"))
