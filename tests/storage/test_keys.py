import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.keys import Keys, check_camera_name

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)


def all_keys(keys: Keys) -> list[str]:
    plain = [
        getattr(keys, name)
        for name in (
            "meta", "leader", "steps", "sources", "tracks", "identities", "next_identity", "samples", "dead",
            "faces", "changes", "templates", "assignments", "people", "names", "cameras", "workers",
        )
    ]  # fmt: skip
    made = [
        keys.source("v-1"),
        keys.source_tracks("v-1"),
        keys.track("v-1.0.0"),
        keys.sample("v-1.0.0.7"),
        keys.camera("door"),
        keys.camera_status("door"),
        keys.camera_lease("door"),
        keys.camera_view("door"),
        keys.camera_viewers("door"),
        keys.camera_frames("door"),
        keys.camera_reader("door"),
        keys.camera_reader_lease("door"),
        keys.identity("p1"),
        keys.identity_tracks("p1"),
        keys.identity_sightings("p1"),
    ]
    return plain + made


@given(names)
def test_all_keys_of_a_collection_share_its_hash_tag(name: str) -> None:
    for key in all_keys(Keys(name)):
        # As Redis Cluster finds it: from the first { to the first } after it.
        tag = re.search(r"\{(.*?)\}", key)
        assert tag is not None
        assert tag[1] == name
        assert key.startswith("fs:")


def test_no_two_keys_are_the_same() -> None:
    found = all_keys(Keys("default"))
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", ["door", "frames", "reader-lease", "status"])
def test_what_somebody_does_with_a_camera_right_now_is_in_no_backup(name: str) -> None:
    keys = Keys("default")
    passing = [
        keys.camera_status(name),
        keys.camera_lease(name),
        keys.camera_view(name),
        keys.camera_viewers(name),
        keys.camera_frames(name),
        keys.camera_frames_told(name),
        keys.camera_reader(name),
        keys.camera_reader_lease(name),
    ]
    assert all(keys.is_passing(key) for key in passing)
    assert not keys.is_passing(keys.camera(name))
    assert not keys.is_passing(keys.cameras)


@given(names, names)
def test_two_collections_have_no_key_in_common(a: str, b: str) -> None:
    if a != b:
        assert not set(all_keys(Keys(a))) & set(all_keys(Keys(b)))


@pytest.mark.parametrize(
    "name",
    ["", ".a", "-a", "_a", "a b", "a:b", "a{b", "a}b", "a/b", "a\n", "é", "a" * 65, "*", "a\x00"],
)
def test_refuses_names_that_could_not_stand_in_a_key(name: str) -> None:
    with pytest.raises(ValueError, match="collection"):
        Keys(name)


@pytest.mark.parametrize("name", ["a", "0", "a" * 64, "shop-2.east_door"])
def test_takes_plain_names(name: str) -> None:
    assert Keys(name).track("t") == f"fs:{{{name}}}:track:t"


@pytest.mark.parametrize("name", ["a", "0", "Front-Door_2.cam", "a" * 64])
def test_these_can_be_names_of_cameras(name: str) -> None:
    check_camera_name(name)


@pytest.mark.parametrize(
    "name", ["", ".a", "-a", "a b", "a/b", "a:b", "../a", "küche", "a\n", "a" * 300, "\ud800"]
)
def test_names_of_cameras_that_could_stand_in_no_key_are_refused_in_few_words(name: str) -> None:
    with pytest.raises(ValueError, match="a camera can't be called") as caught:
        check_camera_name(name)
    assert len(str(caught.value)) < 250
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["rtsp://me:s3cret@host/live", "me:s3cret@host", "s3cret@host/live"])
def test_a_url_in_place_of_a_name_is_not_repeated(name: str) -> None:
    with pytest.raises(ValueError, match="a camera can't be called like a URL") as caught:
        check_camera_name(name)
    assert "s3cret" not in str(caught.value)
