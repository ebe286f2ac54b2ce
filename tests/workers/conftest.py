from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from cluster_bench import Bench, new_bench
from decider import Decider
from face_pictures import astronaut, group

from storage.connection import RedisHandle, open_redis
from storage.datafolder import DataFolder
from workers.faces.alignment import align
from workers.models.detection import Detection
from workers.models.pack import Pack, load_pack

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
def group_chips(open_pack: Pack, group_image: Image, group_faces: list[Detection]) -> list[Image]:
    """Their aligned chips."""
    embedder = open_pack.embedder
    return [align(group_image, face.landmarks, embedder.template, embedder.input_px) for face in group_faces]
