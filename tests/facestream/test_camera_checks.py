"""Cameras that were added over the network are checked whenever they are connected to."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from facestream.cameras.camera_book import CameraBook
from facestream.cameras.camera_desk import wish_for
from facestream.cameras.camera_reach import CameraReach
from facestream.cameras.camera_wish import CameraWish
from facestream.configuration.serve_table import ServeTable
from facestream.configuration.settings import Place
from facestream.configuration.settings_schema import CameraTable, Settings, WatchTable
from facestream.errors import UsageError
from facestream.watch.camera_wiring import Opener
from facestream.wiring import keys_of, make_camera_store, open_folder, open_handle
from storage.camera_record import CameraRecord
from storage.lease import Lease
from storage.sealing import open_seal
from stream.camera_url import CameraUrl
from stream.errors import CameraRefusedError, CameraUnreachableError
from stream.live_state import CameraState, LiveStatus

PATIENCE_S = 30.0


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "data")


@pytest.fixture
def camera() -> Iterator[socket.socket]:
    """Something on this machine that somebody may connect to."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.0)
        yield server


def was_called(camera: socket.socket) -> bool:
    try:
        camera.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def failure(opener: Opener, record: CameraRecord) -> LiveStatus:
    """How a camera is when its first connection has failed."""
    opened = opener(record, Lease(opener.handle.client, opener.keys.camera_lease(record.name)))
    deadline_s = time.monotonic() + PATIENCE_S
    try:
        while (status := opened.source.status).state is CameraState.CONNECTING:
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        return status
    finally:
        opened.source.close()


def test_one_that_leads_to_this_machine_by_now_is_not_connected_to(
    place: Place, camera: socket.socket
) -> None:
    url = f"http://localhost:{camera.getsockname()[1]}/live"
    keys = keys_of(place)
    with open_handle(place) as handle, handle.errors():
        folder = open_folder(place).path
        book = CameraBook(make_camera_store(handle, keys), keys, folder)
        book.add_all({"door": wish_for(url, None, {}), "yard": CameraWish(CameraUrl.parse(url))})
        camera_table = CameraTable(open_timeout_s=0.5, stall_s=0.5)

        def opener(serve: ServeTable) -> Opener:
            settings = Settings(camera=camera_table, watch=WatchTable(), serve=serve)
            return Opener(handle, keys, "m", settings, lambda: open_seal(folder, {}), lambda: None)

        refused = failure(opener(ServeTable()), book.get("door"))
        assert (refused.state, was_called(camera)) == (CameraState.FAILED, False)
        assert "localhost leads to this machine" in refused.last_error
        # Where it is allowed, and where somebody on the machine has added it.
        for name, serve in (("door", ServeTable(camera_networks="127.0.0.0/8, ::1")), ("yard", ServeTable())):
            failure(opener(serve), book.get(name))
            assert was_called(camera)


def test_who_gave_the_last_url_counts(place: Place) -> None:
    keys = keys_of(place)
    typed = CameraWish(CameraUrl.parse("http://127.0.0.1/live"))
    with open_handle(place) as handle, handle.errors():
        book = CameraBook(make_camera_store(handle, keys), keys, open_folder(place).path)
        book.add_all({"door": typed})
        assert not book.get("door").check_url
        book.change("door", wish_for(None, "http://192.168.1.20/sub", {"fps": 3.0}))
        found = book.get("door")
        assert (found.check_url, found.check_sub_url) == (False, True)
        book.change("door", wish_for("http://192.168.1.20/main", None, {}))
        assert book.get("door").check_url
        book.change("door", typed)
        assert not book.get("door").check_url


def test_what_cannot_be_found_may_be_found_later() -> None:
    with pytest.raises(CameraUnreachableError):
        CameraReach().check_host("no-such-host.invalid", 80)
    with pytest.raises(CameraRefusedError):
        CameraReach().check_host("[::1]", 80)
    CameraReach().check_host("192.168.1.20", 554)
    with pytest.raises(UsageError):
        CameraReach().check(CameraUrl.parse("http://[::1]/"))
