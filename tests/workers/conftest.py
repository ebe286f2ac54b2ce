from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from cluster_bench import Bench, new_bench
from decider import Decider
from face_pictures import astronaut, group
from shooting import Shooting

from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from workers.faces.alignment import align
from workers.models.detection import Detection
from workers.models.pack import Pack, load_pack
from workers.track_builder import TrackBuilder

Image = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def handle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisHandle]:
    with open_redis(None, DataFolder(tmp_path_factory.mktemp("redis"))) as opened:
        yield opened


@pytest.fixture
def bench(handle: RedisHandle) -> Bench:
    """A collection with nothing in it."""
    return new_bench(handle)


@pytest.fixture
def decide(bench: Bench) -> Decider:
    return Decider(bench)


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of built models for all xdist workers, which may well build it at the same time."""
    return tmp_path_factory.getbasetemp().parent / "models"


@pytest.fixture(scope="session")
def open_pack(model_cache: Path) -> Pack:
    return load_pack("open", model_cache, threads=1)


@pytest.fixture(scope="session")
def mtcnn_pack(model_cache: Path) -> Pack:
    return load_pack("open-mtcnn", model_cache, threads=1)


@pytest.fixture(scope="session")
def group_image() -> Image:
    return group()


@pytest.fixture(scope="session")
def astronaut_image() -> Image:
    return astronaut()


@pytest.fixture(scope="session")
def group_faces(open_pack: Pack, group_image: Image) -> list[Detection]:
    """The six faces of the group, from left to right."""
    found = open_pack.detector.detect([group_image], 40)[0]
    return sorted(found, key=lambda detection: float(detection.box_xyxy[0]))


@pytest.fixture(scope="session")
def mtcnn_faces(mtcnn_pack: Pack, group_image: Image) -> list[Detection]:
    """The same as MTCNN sees them."""
    found = mtcnn_pack.detector.detect([group_image], 40)[0]
    return sorted(found, key=lambda detection: float(detection.box_xyxy[0]))


@pytest.fixture(scope="session")
def group_chips(open_pack: Pack, group_image: Image, group_faces: list[Detection]) -> list[Image]:
    """Their aligned chips."""
    embedder = open_pack.embedder
    return [align(group_image, face.landmarks, embedder.template, embedder.input_px) for face in group_faces]


@pytest.fixture
def shooting(open_pack: Pack) -> Shooting:
    """Pictures for a new builder of tracks."""
    return Shooting(TrackBuilder(open_pack, "v-1"))


@pytest.fixture(scope="session")
def one(group_faces: list[Detection]) -> Detection:
    """The fourth of the group, with nobody close by."""
    return group_faces[3]


@pytest.fixture(scope="session")
def two(group_faces: list[Detection]) -> Detection:
    """The first of the group."""
    return group_faces[0]
