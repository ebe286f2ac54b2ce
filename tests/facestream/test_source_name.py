from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.exports.page_card import timeline
from facestream.people.people_filter import names_source
from facestream.people.people_view import local_time
from facestream.people.sighting import Sighting
from facestream.source_name import full_name, is_camera, names_apart, short_name
from facestream.watch.camera_wiring import name_of
from stream.camera_url import CameraUrl

URL = "rtsp://user:***@10.0.0.9:554/stream?***"


def test_a_camera_goes_by_its_name_and_a_file_by_its_path() -> None:
    assert (full_name("c-door.1", URL), short_name("c-door.1", URL)) == ("door.1", "door.1")
    assert (full_name("v-1", "/films/a.mp4"), short_name("v-1", "/films/a.mp4")) == ("/films/a.mp4", "a.mp4")
    assert is_camera("c-door")
    assert not is_camera("v-1")


def test_a_camera_without_a_name_goes_by_host_and_path() -> None:
    by_url = name_of(CameraUrl.parse("rtsp://user:p@ss@10.0.0.9:554/stream?token=secret"))
    assert full_name(f"c-{by_url}", URL) == short_name(f"c-{by_url}", URL) == "10.0.0.9:554/stream?***"
    assert full_name(f"c-{by_url}", "v4l2:///dev/video0") == "/dev/video0"
    assert full_name(f"c-{by_url}", "") == by_url


def test_files_of_one_name_are_told_apart_by_as_many_folders_as_that_takes() -> None:
    paths = {
        "v-1": "/show/season 2/01.mp4",
        "v-2": "/show/season 10/01.mp4",
        "v-3": "/other/season 2/01.mp4",
        "v-4": "/show/season 2/02.mp4",
        # Of the same place: one was put there for the other.
        "v-5": "/show/trailer.mp4",
        "v-6": "/show/trailer.mp4",
        "v-7": "01.mp4",
        "c-door": URL,
        "v-8": "/films/door",
    }
    assert names_apart(paths) == {
        "v-1": "show/season 2/01.mp4",
        "v-2": "season 10/01.mp4",
        "v-3": "other/season 2/01.mp4",
        "v-4": "02.mp4",
        "v-5": "trailer.mp4 (v-5)",
        "v-6": "trailer.mp4 (v-6)",
        "v-7": "01.mp4",
        "c-door": "door",
        "v-8": "films/door",
    }


@given(
    st.dictionaries(
        st.integers(0, 9).map("v-{}".format), st.lists(st.sampled_from("ab/."), max_size=6).map("".join)
    )
)
def test_names_of_sources_differ_whatever_their_paths_are(paths: dict[str, str]) -> None:
    names = names_apart(paths)
    assert names.keys() == paths.keys()
    assert len(set(names.values())) == len(names)


@pytest.mark.parametrize(
    ("pattern", "meant"), [("door", True), ("DO*", True), ("c-door", True), ("hall", False), ("554", False)]
)
def test_a_camera_is_meant_by_its_name(pattern: str, meant: bool) -> None:
    assert names_source(pattern, "c-door", URL) == meant


def test_the_timeline_of_a_camera_begins_with_the_person() -> None:
    seen = [Sighting("c-door", URL, start_s, start_s + 10, 1.7e9, 10.0) for start_s in (172_800.0, 172_900.0)]
    line = timeline(seen, None, "door")
    assert line["name"] == "door"
    assert line["start"] == local_time(1.7e9 + 172_800)
    assert line["end"] == local_time(1.7e9 + 172_910)
    assert line["label"].startswith("2 sightings in door, ")
    assert len(line["bars"]) == 2
    # From the first sight to the last one, with the break between them.
    assert line["label"].endswith("20.0 s within 110.0 s")
    assert line["bars"][0]["x"] == pytest.approx(0.0)
    assert line["bars"][0]["title"].startswith(local_time(1.7e9 + 172_800))


def test_nobody_is_seen_at_a_camera_for_longer_than_its_timeline_is() -> None:
    line = timeline([Sighting("c-door", URL, 5.0, 40.3, 1.7e9, 35.5)], None, "door")
    assert line["label"] == "1 sighting in door, 35.5 s within 35.5 s"
