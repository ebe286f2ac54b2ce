"""facestream people: lists, names, pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_runs import Cli, Processed

from storage.connection import open_redis
from storage.datafolder import DataFolder
from storage.effects import Effects
from storage.identity_record import Identity
from storage.identity_store import IdentityStore
from storage.keys import Keys
from storage.lease import Lease

pytestmark = pytest.mark.e2e


def merge(cli: Cli, into: str) -> str:
    """Write that somebody was merged into a person, as a cluster worker does; returns the older id."""
    with open_redis(None, DataFolder(cli.data_dir)) as handle:
        keys = Keys("default")
        store, lease = IdentityStore(handle.client, keys), Lease(handle.client, keys.leader)
        assert lease.acquire()
        older = store.new_identity_id()
        store.commit(Effects(identities=[Identity(older, merged_into=into)]), lease)
        lease.release()
    return older


# Lists


def test_a_filtered_list_shows_only_what_matches(processed: Processed) -> None:
    cli = processed.cli
    everybody = {person["id"]: person for person in cli.people()}

    in_video = cli("people", "--json", "--source", "duo.mp4", "--to", "0:01").json()

    (person,) = in_video
    (sighting,) = person["sightings"]
    assert sighting["source"] == str(processed.video)
    assert sighting in everybody[person["id"]]["sightings"]
    assert person["seconds"] == pytest.approx(1.6, abs=0.01)
    # Pictures are of the person, whatever was left out.
    assert Path(person["thumbnail"]).is_file()


def test_a_date_finds_whoever_was_seen_then(processed: Processed) -> None:
    on_the_day = processed.cli("people", "--from", "2024-05-01", "--to", "2024-05-01").stdout
    assert "2024-05-01 08:00:00" in on_the_day
    assert len(on_the_day.splitlines()) == 2
    assert processed.cli("people", "--from", "2024-05-02").stdout == "Nobody matches.\n"


def test_a_source_that_there_is_not_is_told_with_those_that_there_are(processed: Processed) -> None:
    done = processed.cli("people", "--source", "dou.mp4")
    assert done.stdout == "Nobody matches.\n"
    assert done.stderr.startswith("--source dou.mp4 names no source; there are ")
    assert "duo.mp4" in done.stderr
    assert "names no source" not in processed.cli("people", "--source", "duo.mp4", "--name", "none").stderr


def test_order_and_limit(processed: Processed) -> None:
    done = processed.cli("people", "--sort", "id", "--reverse", "--limit", "2", "--no-thumbnails")
    header, *lines = done.stdout.splitlines()
    numbers = sorted((int(person["id"][1:]) for person in processed.cli.people()), reverse=True)
    assert [int(line.split()[0][1:]) for line in lines] == numbers[:2]
    assert "thumbnail" not in header
    assert done.stderr == "5 more people; --limit 0 shows all.\n"


def test_paths_may_be_typed_from_the_folder_one_is_in(processed: Processed, make_path_cli: Cli) -> None:
    found = make_path_cli("people", "--json", "--source", f"./{processed.video.name}").json()
    assert len(found) == 2


@pytest.fixture
def make_path_cli(processed: Processed) -> Cli:
    """A command line over the same data folder, in the folder of its video."""
    return Cli(processed.cli.data_dir, processed.cli.environment(), work_dir=processed.video.parent)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "noon"], "'noon' is neither a date (2026-05-01, 2026-05-01T18:30) nor a time"),
        (["--from", "1:00", "--to", "2024-05-01"], "must both be dates, or both times into the video"),
        (["--sort", "age"], "'age' is not one of 'seconds', 'first'"),
        (["--min-seconds", "-1"], "--min-seconds"),
        (["P1"], "To see P1: facestream people show P1"),
        (["Ada"], "No such command 'Ada'"),
        (["--sort", "name", "show", "p1"], "--sort chooses whom `facestream people` lists, and does nothing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_can_t_be_asked_for_is_refused_before_anything_starts(
    cli: Cli, arguments: list[str], said: str
) -> None:
    assert said in cli("people", *arguments, code=2).stderr
    assert not cli.data_dir.exists()


# Names


def test_a_name_is_kept_shown_and_found(copied: Processed) -> None:
    cli = copied.cli
    hostile = '<b onclick="x">Ada</b> 👩‍🚀 שלום'

    named = cli("people", "name", " P1 ", f"  {hostile} ").stdout
    assert named.startswith(f"p1 is called {hostile} (decision 1; `")

    assert hostile in cli("people", "--name", "ONCLICK").stdout
    assert cli("people", "show", "p1").stdout.startswith(f"p1 ({hostile}): seen ")
    # The name stays when more is processed.
    cli("run", copied.video.with_name("again.mp4"))
    (named,) = cli("people", "--named", "--json").json()
    assert (named["id"], named["name"]) == ("p1", hostile)
    assert cli("people", "name", "p1", "", "--json").json()["name"] == ""
    assert cli("people", "--named").stdout == "Nobody matches.\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 10_000, "10,000 characters, and 200 are allowed"),
        ("a\nb", "character 2 of the name, a line break"),
        ("a\u202eb", "RIGHT-TO-LEFT OVERRIDE"),
    ],
    ids=["long", "lines", "turning"],
)
def test_a_name_that_can_t_be_one_is_refused(processed: Processed, name: str, said: str) -> None:
    done = processed.cli("people", "name", "p1", name, code=2)
    assert said in done.stderr
    assert len(done.stderr) < 500


# Ids


def test_an_id_that_was_merged_leads_to_who_took_it_over(copied: Processed, tmp_path: Path) -> None:
    cli = copied.cli
    older = merge(cli, merge(cli, "p1"))
    assert len(cli.people()) == 7

    assert cli("people", "show", older.upper()).stdout.startswith(
        f"{older.upper()} was merged into p1.\np1: seen "
    )
    named = cli("people", "name", older, "Ada").stdout
    assert named.startswith("p1 is called Ada (decision 1; `")
    assert named.endswith("facestream people undo 1` takes it back).\n")
    pictures = cli("people", "thumbnails", older, "-o", tmp_path)
    assert pictures.stderr == f"{older} was merged into p1.\n"
    assert sorted(tmp_path.iterdir())[0].name == "p1-1.jpg"
    assert len(cli("tracks", "list", "--person", older, "--json").json()) == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["name", "p99", "Ada"], 1, "no person 'p99' in collection 'default'"),
        (["thumbnails", "p99", "-o", "faces"], 1, "no person 'p99' in collection 'default'"),
        (["forget", "p99", "--yes"], 1, "no person 'p99' in collection 'default'"),
        (["name", "ada", "Ada"], 1, "nobody in collection 'default' is called 'ada', and ids look like p3"),
        (["forget", "p1:tracks", "--yes"], 1, "nobody in collection 'default' is called 'p1:tracks'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_who_is_not_there_is_named_by_every_command(
    processed: Processed, words: list[str], code: int, said: str
) -> None:
    done = processed.cli("people", *words, code=code)
    assert said in done.stderr
    assert done.stdout == ""


# Pictures


def test_thumbnails_are_written_the_best_first(processed: Processed, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "faces"
    done = processed.cli("people", "thumbnails", "p1", "-o", folder)

    paths = [Path(line) for line in done.stdout.splitlines()]
    assert [path.name for path in paths] == [f"p1-{number}.jpg" for number in range(1, len(paths) + 1)]
    assert 1 <= len(paths) <= 5
    assert sorted(folder.iterdir()) == sorted(paths)
    assert len({path.read_bytes() for path in paths}) == len(paths)
    (entry,) = [person for person in processed.cli.people() if person["id"] == "p1"]
    assert paths[0].read_bytes() == Path(entry["thumbnail"]).read_bytes()
    assert paths[0].stat().st_mode & 0o077 == 0
    assert processed.cli("people", "thumbnails", "p1", "-o", folder, "--json").json() == list(map(str, paths))


def test_a_face_of_each_track_is_called_as_the_track_is(processed: Processed, tmp_path: Path) -> None:
    tracks = processed.cli("tracks", "list", "--person", "p1", "--json").json()
    assert len(tracks) > 1
    paths = processed.cli("people", "thumbnails", "p1", "--tracks", "-o", tmp_path, "--json").json()
    assert [Path(path).stem for path in paths] == [
        track["id"] for track in sorted(tracks, key=lambda track: (track["source"], track["start_s"]))
    ]
    assert len({Path(path).read_bytes() for path in paths}) == len(paths)


def test_thumbnails_that_can_t_be_written_are_named(processed: Processed, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    target = tmp_path / "file" / "faces"
    assert (
        f"{target}: can't be made (Not a directory)"
        in processed.cli("people", "thumbnails", "p1", "-o", target, code=1).stderr
    )
