"""facestream tracks: faces as they were followed."""

from __future__ import annotations

import pytest
import scenes
from command_runs import Cli, Processed

pytestmark = pytest.mark.e2e


def test_tracks_of_a_person_lead_to_their_faces(processed: Processed) -> None:
    cli = processed.cli
    listed = cli("tracks", "list", "--person", "p1", "--json").json()
    assert {track["person"] for track in listed} == {"p1"}
    (track,) = [track for track in listed if track["source"] == str(processed.video)]
    assert (track["start_s"], track["end_s"], track["faces"]) == (0.0, 1.4, 8)

    shown = cli("tracks", "show", track["id"], "--json").json()

    assert {name: shown[name] for name in track} == track
    assert [box["frame"] for box in shown["boxes"]] == scenes.sampled_frames()[:8]
    rows = [row for row in cli.rows() if row["track"] == track["id"]]
    assert [[float(row[side]) for side in ("x1", "y1", "x2", "y2")] for row in rows] == [
        pytest.approx(box["box"], abs=0.06) for box in shown["boxes"]
    ]
    assert 1 <= len(shown["samples"]) <= len(shown["boxes"])
    frames = {box["frame"] for box in shown["boxes"]}
    for sample in shown["samples"]:
        assert sample["frame"] in frames
        assert sample["id"].startswith(f"{track['id']}.")
        assert 0 < sample["quality"] <= 1
    text = cli("tracks", "show", track["id"]).stdout
    assert text.startswith(
        f"{track['id']}: p1, 8 faces\nsource: {processed.video}\nfrom 00:00.0 to 00:01.4\n"
    )
    assert all(sample["id"] in text for sample in shown["samples"])


def test_a_photo_has_no_times(processed: Processed) -> None:
    header, *lines = processed.cli("tracks", "list", "--source", "group.jpg").stdout.splitlines()
    assert header.split() == ["track", "person", "from", "to", "faces", "source"]
    assert len(lines) == 6
    assert all(line.split()[2:5] == ["-", "-", "1"] for line in lines)
    assert "from " not in processed.cli("tracks", "show", lines[0].split()[0]).stdout


def test_sources_are_named_as_in_the_list_of_people(processed: Processed) -> None:
    def count(*arguments: str) -> int:
        return len(processed.cli("tracks", "list", "--json", *arguments).json())

    (source_id,) = {
        s["source_id"]
        for p in processed.cli.people()
        for s in p["sightings"]
        if s["source"].endswith("duo.mp4")
    }
    assert count("--source", source_id) == 2
    assert count("--source", "*.mp4", "--person", "p1") == 1
    assert processed.cli("tracks", "list", "--source", "nowhere").stdout == "No such tracks.\n"


def test_what_is_not_there_is_named(processed: Processed, cli: Cli) -> None:
    shown = processed.cli("tracks", "show", "v-nothing", code=1)
    assert "no track 'v-nothing' in collection 'default'. `facestream tracks list`" in shown.stderr
    assert "no person 'p99'" in processed.cli("tracks", "list", "--person", "p99", code=1).stderr
    assert "nobody in collection" in processed.cli("tracks", "list", "--person", "ada", code=1).stderr
    assert "Start with: " in cli("tracks", "list").stdout
    assert cli("tracks", "list", "--json").json() == []
