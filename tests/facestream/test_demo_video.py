from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from pathlib import Path

import pytest
import scenes

from facestream.commands.demo import compare
from facestream.demo_video import (
    ASTRONAUT,
    FPS,
    GROUP,
    HEIGHT_PX,
    SHOTS,
    WIDTH_PX,
    KnownFace,
    Photo,
    known_faces,
    make_video,
)
from facestream.errors import FacestreamError
from facestream.people.person import Face, Person
from stream.video import VideoFile


def frames_of() -> dict[str, list[int]]:
    frames = defaultdict(list)
    for face in known_faces():
        frames[face.name].append(face.frame)
    return frames


def test_seven_people_are_known_and_each_of_them_comes_back() -> None:
    for name, frames in frames_of().items():
        breaks = [later for earlier, later in itertools.pairwise(frames) if later > earlier + 1]
        assert breaks, name
    assert set(frames_of()) == {*GROUP.faces, *ASTRONAUT.faces}
    assert len(frames_of()) == 7


def test_half_of_every_known_face_is_in_the_picture() -> None:
    for face in known_faces():
        x1, y1, x2, y2 = face.box_xyxy
        assert x1 < x2
        assert y1 < y2
        assert 0 <= face.frame < sum(round(shot.seconds * FPS) for shot in SHOTS)
        inside = (min(x2, WIDTH_PX) - max(x1, 0)) * (min(y2, HEIGHT_PX) - max(y1, 0))
        assert inside >= 0.49 * (x2 - x1) * (y2 - y1)
        assert 0 < (x1 + x2) / 2 < WIDTH_PX
        assert 0 < (y1 + y2) / 2 < HEIGHT_PX


def test_nobody_is_twice_in_a_frame() -> None:
    pairs = [(face.name, face.frame) for face in known_faces()]
    assert len(pairs) == len(set(pairs))


def test_the_faces_that_are_marked_are_inside_their_photographs() -> None:
    for photo, size in ((GROUP, (1280, 886)), (ASTRONAUT, (512, 512))):
        for x1, y1, x2, y2 in photo.faces.values():
            assert 0 <= x1 < x2 <= size[0]
            assert 0 <= y1 < y2 <= size[1]


def test_a_video_has_the_frames_of_its_shots(media: Path) -> None:
    video = VideoFile(media / "duo.mp4", "v-1", fps=None)
    assert (video.info.width_px, video.info.height_px) == (WIDTH_PX, HEIGHT_PX)
    frames = list(video.frames(threading.Event()))
    assert len(frames) == round(scenes.SECONDS * FPS)
    # Bright photographs, not the dark of a shot without one.
    assert all(frame.image_bgr.mean() > 40 for frame in frames)


def test_the_same_shots_give_the_same_content(tmp_path: Path) -> None:
    one, two = (scenes.video(tmp_path, name, scenes.DUO[:1]) for name in ("one.mp4", "two.mp4"))
    assert one.read_bytes() == two.read_bytes()
    assert {file.name for file in tmp_path.iterdir()} == {"one.mp4", "two.mp4"}


def test_a_video_that_is_there_is_kept(tmp_path: Path) -> None:
    there = tmp_path / "demo-1.mp4"
    there.write_bytes(b"already made")
    assert make_video(tmp_path) == there
    assert there.read_bytes() == b"already made"


@pytest.mark.parametrize("package", ["skimage", "no_such_package"])
def test_a_photograph_that_is_missing_comes_with_its_mend(package: str) -> None:
    with pytest.raises(FacestreamError, match="pip install --force-reinstall") as caught:
        Photo(package, "data/no_such.png", {}).path()
    assert "data/no_such.png" in str(caught.value)
    assert ("scikit-image" in str(caught.value)) == (package == "skimage")


def _face(frame: int, box: tuple[float, float, float, float], identity: str) -> Face:
    return Face("v-1", "a.mp4", frame, frame / 25, box, 0.9, f"t-{identity}", identity)


def _person(person_id: str, seconds: float) -> Person:
    return Person(person_id, "", seconds, 1, 1, (), ())


def test_found_people_stand_beside_those_whose_faces_they_have() -> None:
    here, there = (10.0, 10.0, 50.0, 60.0), (200.0, 10.0, 240.0, 60.0)
    known = [KnownFace("ada", n, here) for n in range(50)] + [KnownFace("bob", n, there) for n in range(25)]
    faces = [
        *(_face(n, here, "p1") for n in range(10)),
        *(_face(n, here, "p4") for n in range(10, 14)),
        # Once on somebody else is outvoted; faces of nobody don't count; far off is nobody known.
        _face(20, there, "p1"),
        _face(21, there, ""),
        _face(22, (400.0, 200.0, 440.0, 250.0), "p3"),
    ]
    rows = compare(known, faces, [_person("p1", 2.0), _person("p3", 0.2), _person("p4", 0.8)], 1 / 25)
    assert [(row.known, [p.id for p in row.found]) for row in rows] == [
        ("ada", ["p1", "p4"]),
        ("bob", []),
        ("", ["p3"]),
    ]
    assert [row.known_s for row in rows] == [2.0, 1.0, 0.0]
    assert rows[0].found_s == pytest.approx(2.8)
