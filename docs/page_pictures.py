"""Take the pictures of docs/page.md: `python docs/page_pictures.py`; needs Debian's chromium.

The page is served as always, over a collection of its own that is made here: of drawn faces, and of the one of
a portrait that ships inside a dependency and is in the public domain.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from drawn_faces import draw_face, draw_room
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT / "tests" / "facestream" / "web"))

from drawn_people import Drawn, fill  # noqa: E402
from serving import Serving, serving_place  # noqa: E402

from facestream.demo_video import ASTRONAUT  # noqa: E402
from facestream.search import faces_of, read_photo  # noqa: E402
from facestream.settings import Place  # noqa: E402
from facestream.wiring import make_pack, make_view_store  # noqa: E402
from storage.camera_status import CameraStatus  # noqa: E402
from storage.camera_store import CameraStore  # noqa: E402
from storage.camera_view import CameraView, ViewedFace  # noqa: E402
from storage.connection import open_redis  # noqa: E402
from storage.datafolder import DataFolder  # noqa: E402
from storage.keys import Keys  # noqa: E402
from storage.source_record import SourceRecord  # noqa: E402

_IMAGES = _ROOT / "docs" / "images"
_COLOURS = 128
_NAMES = (
    "Ada Lovelace|Grace Hopper||Alan Turing|Emmy Noether||Kurt Gödel|Mary Shelley||Edsger Dijkstra|"
    "Barbara Liskov|||Leonhard Euler|Sofia Kovalevskaya||Évariste Galois||Hypatia|||"
).split("|")
"""Of the drawn faces; the first is the portrait's."""
