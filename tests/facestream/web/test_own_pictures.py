"""Files with faces on a machine, while somebody is forgotten from another one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_runs import Done, Processed, wait_until
from web_serving import serving_place

from facestream.client import Store, open_store
from facestream.collection import encrypting
from facestream.configuration.settings import Place
from facestream.people.thumbnail_files import write_thumbnails
from facestream.wiring import thumbnails_folder

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Hosts:
    """Two machines with a data folder each, and one server."""

    one: Place
    other: Place

    def pictures(self) -> set[str]:
        """People of whom the other one has a file."""
        return {path.stem for path in thumbnails_folder(self.other).glob("p*.jpg")}

    def list_people(self) -> None:
        """Have faces written on the other one."""
        with open_store(self.other) as store:
            write_thumbnails(store, store.people(), thumbnails_folder(self.other))


@pytest.fixture
def hosts(
    copied: Processed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache_dir: Path
) -> Iterator[Hosts]:
    monkeypatch.setenv("FACESTREAM_CACHE_DIR", str(cache_dir))
    folder = copied.cli.data_dir
    one = Place(folder)
    with open_store(one):
        yield Hosts(one, Place(tmp_path / "other", f"unix://{folder / 'redis' / 'redis.sock'}"))


def test_pictures_of_those_who_were_forgotten_elsewhere_go_with_the_next_list(hosts: Hosts) -> None:
    hosts.list_people()
    before = hosts.pictures()
    assert len(before) > 1
    with open_store(hosts.one) as store:
        store.forget("p1")
    with open_store(hosts.other) as store:
        store.drop_stale_pictures()
    assert hosts.pictures() == before - {"p1"}


def test_a_picture_is_not_left_of_who_is_forgotten_while_it_is_written(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Store.thumbnails

    def forgotten_behind(store: Store, sample_ids: Sequence[str]) -> Iterator[bytes | None]:
        found = list(read(store, sample_ids))
        with open_store(hosts.one) as other:
            other.forget("p1")
        with open_store(hosts.other) as other:
            other.drop_stale_pictures()
        yield from found

    monkeypatch.setattr(Store, "thumbnails", forgotten_behind)
    with open_store(hosts.other) as store:
        people = store.people()
        files = write_thumbnails(store, people, thumbnails_folder(hosts.other))
    assert hosts.pictures() == files.keys() == {person.id for person in people} - {"p1"}


def test_a_picture_that_was_erased_elsewhere_goes_though_its_person_stays(hosts: Hosts) -> None:
    hosts.list_people()
    shown = {path.stem: path.read_bytes() for path in thumbnails_folder(hosts.other).glob("p*.jpg")}
    with open_store(hosts.one) as store:
        person = next(p for p in store.people() if len(p.sources) > 1)
        erased = next(
            track.source_id for track in store.tracks() if person.thumbnails[0].startswith(track.id)
        )
        store.erase("source", source=erased)
        assert person.id in {other.id for other in store.people()}
    with open_store(hosts.other) as store:
        store.drop_stale_pictures()
    left = {path.read_bytes() for path in thumbnails_folder(hosts.other).glob("p*.jpg")}
    assert shown[person.id] not in left


def test_pictures_of_a_collection_that_was_encrypted_elsewhere_go(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts.list_people()
    assert hosts.pictures()
    encrypting.change(hosts.one, "on")
    assert hosts.one.data_dir is not None
    monkeypatch.setenv("FACESTREAM_DATA_KEY_FILE", str(hosts.one.data_dir / "data.key"))
    with open_store(hosts.other) as store:
        store.drop_stale_pictures()
    assert hosts.pictures() == set()


def test_where_it_is_served_they_go_at_once(hosts: Hosts) -> None:
    hosts.list_people()
    with serving_place(hosts.other):
        # Not with the look at the beginning.
        time.sleep(0.5)
        assert "p1" in hosts.pictures()
        with open_store(hosts.one) as store:
            store.forget("p1")
        wait_until(lambda: "p1" not in hosts.pictures(), "the end of a picture", 20)


def test_a_list_of_people_deletes_them(
    hosts: Hosts, here: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts.list_people()
    with open_store(hosts.one) as store:
        store.forget("p1")
    assert hosts.other.data_dir is not None
    assert hosts.other.redis_url is not None
    monkeypatch.setenv("FACESTREAM_DATA_DIR", str(hosts.other.data_dir))
    here("people", "--json", "--no-thumbnails", "--redis", hosts.other.redis_url)
    assert "p1" not in hosts.pictures()


def test_pictures_of_another_server_stay_and_no_folder_is_made(hosts: Hosts, tmp_path: Path) -> None:
    assert hosts.other.data_dir is not None
    others = thumbnails_folder(Place(hosts.other.data_dir, "redis://elsewhere:6379/0"))
    others.mkdir(parents=True)
    (others / "p99.jpg").write_bytes(b"a picture of another collection of that name")
    hosts.list_people()
    with open_store(hosts.other) as store:
        store.drop_stale_pictures()
    assert (others / "p99.jpg").exists()
    nowhere = Place(tmp_path / "nowhere", hosts.other.redis_url)
    with open_store(nowhere) as store:
        store.drop_stale_pictures()
    assert not (tmp_path / "nowhere").exists()
