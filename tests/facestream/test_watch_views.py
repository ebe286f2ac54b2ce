"""What is shown of a watch."""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from dataclasses import replace

import pytest
from rich.console import Console

from facestream.configuration.settings import Place
from facestream.people.people_tally import PeopleTally
from facestream.watch import watch_lines
from facestream.watch.visits import Visit, Visits
from facestream.watch.watch_lines import JsonLines, PlainLines, summary
from facestream.watch.watch_report import WatchFacts, WatchOptions
from facestream.watch.watch_view import TerminalView
from facestream.watch.watching import Watch
from storage.camera_status import CameraStatus
from storage.identity_record import ChangeKind, Identity, IdentityChange
from workers.rate_governor import RateChange

FACTS = WatchFacts("lobby", "host-1-ab", "open", "cpu (CPUExecutionProvider)")
DOOR = CameraStatus(
    "door", "host-1-ab", "streaming", 1e9, fps_in=25, fps_done=4.8, delay_s=0.21, faces=2,
    width_px=640, height_px=360, codec="h264",
)  # fmt: skip
YARD = CameraStatus("yard", "host-1-ab", "backing_off", 1e9, "nobody [listens]\x1b[2J there", at_s=1e9)
ROOF = CameraStatus("roof", "other-2-cd", "streaming", 1e9, fps_done=5.0)
IDLE = CameraStatus("idle", "", "waiting", 0.0)
ALL = (DOOR, IDLE, ROOF, YARD)
VISITS = Visits(lambda _: None)


@pytest.fixture
def tally() -> PeopleTally:
    found = PeopleTally()
    for person in ("p1", "p2"):
        found.take(IdentityChange(ChangeKind.CREATED, person, "c-door.1.0"))
    return found


def test_a_terminal_shows_every_camera_in_a_row(tally: PeopleTally) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=140, color_system=None)
    with TerminalView(console) as view:
        view.began(FACTS)
        down = replace(YARD, since_s=time.time() - 400)
        view.cameras_now((*ALL[:-1], down), 0.56, tally, VISITS)
        console.print(view._picture())
        view.note("[bold]something\x1b to know")
        view.ending()
    text = file.getvalue()
    assert "collection lobby  models open  cpu (CPUExecutionProvider)" in text
    assert "2 of 4 cameras streaming; 9.8 frames/s looked at; delay up to 0.21 s; 2 people seen" in text
    assert "at 56% of their rates" in text
    (door,) = {line.rstrip() for line in text.splitlines() if line.startswith("door")}
    assert door.split() == ["door", "streaming", "25.0", "4.8", "0.21", "s", "2", "2"]
    assert "streaming (by other-2-cd)" in text
    assert "down 6 min" in text
    assert "nobody [listens]\\x1b[2J there" in text
    assert "[bold]something\\x1b to know" in text
    assert "Ending." in text
    assert text.rfind("\x1b[?25h") > text.rfind("yard")


def test_a_narrow_terminal_cuts_nothing(tally: PeopleTally) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    view = TerminalView(console)
    view._facts = FACTS
    view.cameras_now((DOOR, YARD), 0.5, tally, VISITS)
    with console.capture() as captured:
        console.print(view._picture())
    text = captured.get()
    assert " ".join(text.split()).count("too much to look at; not there: yard camera state") == 1
    assert "\nyard: nobody [listens]\\x1b[2J there\n" in "\n".join(map(str.rstrip, text.splitlines())) + "\n"
    assert "door:" not in text
    assert "…" not in text
    assert all(len(line) <= 80 for line in text.splitlines())


def came(person: str, at_s: float, event_s: float) -> IdentityChange:
    return IdentityChange(
        ChangeKind.CREATED, person, "c-door.1.0", event_s=event_s, published_at_s=at_s, provisional=True
    )


@pytest.mark.parametrize("width", [80, 140])
def test_a_terminal_shows_who_is_there_in_bounded_room(tally: PeopleTally, width: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    view = TerminalView(console)
    view._facts = FACTS

    def shown(visits: Visits) -> str:
        view.cameras_now((DOOR,), 1.0, tally, visits)
        with console.capture() as captured:
            console.print(view._picture())
        return captured.get()

    now_s = time.time()
    visits = Visits(lambda _: Identity("p1", "x" * 90))
    visits.take(came("p1", now_s - 400, 1.0))
    assert "p1 6 min ago" in shown(visits)
    for number in range(2, 12):
        visits.take(came(f"p{number}", now_s - 12 + number, 400.0 + number))
    assert "p11, p10, p9, p8, p7 +5" in shown(visits)
    visits.take(replace(came("p1", now_s, 500.0), kind=ChangeKind.ASSIGNED))
    assert f"{'x' * 19}… +10" in shown(visits)
    assert all(len(line) <= width for line in shown(visits).splitlines())


def test_a_terminal_says_what_it_waits_for_before_there_is_a_table() -> None:
    file = io.StringIO()
    with TerminalView(Console(file=file, force_terminal=True, width=80, color_system=None)):
        pass
    assert "Models are being loaded." in file.getvalue()


def test_only_the_first_and_the_last_of_the_steps_of_rates_are_told() -> None:
    lines: list[str] = []
    watch = Watch(Place(), WatchOptions(), PlainLines(lines.append))
    for before, factor in ((1.0, 0.75), (0.75, 0.56), (0.56, 0.7), (0.7, 1.0)):
        watch._rates_changed(RateChange(factor, before, dropped=0.5, age_s=1.0))
    assert [line.rpartition(" at ")[2] for line in lines] == ["75% of their rates", "100% of their rates"]


def test_what_is_logged_appears_above_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    handler = logging.StreamHandler(sys.stderr)
    monkeypatch.setattr(root, "handlers", [handler])
    before = handler.stream
    with TerminalView(Console(file=sys.stderr, force_terminal=True, width=90)) as view:
        view.began(FACTS)
        assert handler.stream is not before
        logging.getLogger("x").warning("a warning")
    assert handler.stream is before
    assert "a warning" in capsys.readouterr().err


def test_lines_tell_of_changes_and_sum_up(tally: PeopleTally, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    now_s = [0.0]
    plain = PlainLines(lines.append, clock=lambda: now_s[0])
    plain.began(FACTS)
    plain.claimed([f"c{number}" for number in range(10)])
    plain.camera_changed(DOOR)
    plain.camera_changed(YARD)
    # Whom a camera brings is told by the visit.
    plain.person(IdentityChange(ChangeKind.CREATED, "p1", "c-door.1.0", provisional=True))
    plain.visit(Visit("c-door", "p1", new=True))
    plain.visit(Visit("c-door", "p3", "Ada", away_s=40.0))
    plain.visit(Visit("c-yard", "p4"))
    plain.person(IdentityChange(ChangeKind.CREATED, "p5", "c-door.1.0"))
    plain.person(IdentityChange(ChangeKind.ASSIGNED, "p1", "c-door.1.1"))
    plain.person(IdentityChange(ChangeKind.MERGED, "p2", other_id="p1"))
    plain.leads(False)
    plain.cameras_now(ALL, 1.0, tally, VISITS)
    now_s[0] = 60.0
    plain.cameras_now(ALL, 1.0, tally, VISITS)
    plain.cameras_now(ALL, 1.0, tally, VISITS)
    assert [line[20:] for line in lines] == [
        "worker host-1-ab watches collection lobby, with models open on cpu (CPUExecutionProvider)",
        "takes on 10 cameras: c0, c1, c2, c3, c4, c5, c6, c7, and 2 more",
        "door: streaming (640x360 h264)",
        "yard: down: nobody [listens]\\x1b[2J there",
        "door: new person p1",
        "door: p3 Ada is here again",
        "yard: p4 is here",
        "new person p5 at door",
        "p2 merged with p1",
        "another cluster worker leads; this one stands by",
        summary(ALL, 1.0, tally),
    ]


def test_quiet_lines_tell_of_troubles_alone() -> None:
    lines: list[str] = []
    plain = PlainLines(lines.append, quiet=True)
    plain.began(FACTS)
    plain.camera_changed(DOOR)
    plain.camera_changed(YARD)
    plain.note("the server is away")
    assert [line[20:24] for line in lines] == ["yard", "the "]


def test_of_a_camera_with_two_streams_both_are_told() -> None:
    sharp = replace(DOOR, main_state="streaming", main_width_px=1920, main_height_px=1080)
    down = replace(DOOR, main_state="backing_off", main_error="nobody listens there")
    lines: list[str] = []
    PlainLines(lines.append).camera_changed(sharp)
    # That one of them is down is a trouble.
    for status in (sharp, down):
        PlainLines(lines.append, quiet=True).camera_changed(status)
    assert [line[20:] for line in lines] == [
        "door: streaming (640x360 h264); main stream streaming (1920x1080)",
        "door: streaming (640x360 h264); main stream down: nobody listens there",
    ]
    assert down.errors == "main stream: nobody listens there"
    # What was wrong before it came back is over.
    lines.clear()
    PlainLines(lines.append).camera_changed(
        replace(sharp, last_error="it was lost", main_error="it was lost")
    )
    assert [line[20:] for line in lines] == [
        "door: streaming (640x360 h264); main stream streaming (1920x1080)"
    ]
    assert replace(down, last_error="it was lost").errors == "it was lost; main stream: nobody listens there"
    assert (sharp.errors, YARD.errors) == ("", YARD.last_error)


def test_each_line_of_json_is_one_event(tally: PeopleTally) -> None:
    lines: list[str] = []
    now_s = [0.0]
    out = JsonLines(lines.append, clock=lambda: now_s[0])
    now_s[0] = 60.0
    out.began(FACTS)
    out.camera_changed(YARD)
    out.cameras_now(ALL, 0.5, tally, VISITS)
    out.person(IdentityChange(ChangeKind.MERGED, "p2", other_id="p1"))
    out.visit(Visit("c-yard", "p3", "Ada", away_s=40.0))
    out.ended([], 1.5, 7)
    began, camera, total, person, visit, ended = map(json.loads, lines)
    assert began["event"] == "began"
    assert began["worker"] == "host-1-ab"
    assert (camera["camera"], camera["state"]) == ("yard", "backing_off")
    assert (total["load_factor"], total["people"], total["cameras"][0]["people"]) == (0.5, 2, 2)
    assert (person["kind"], person["person"], person["other"]) == ("merged", "p2", "p1")
    del visit["at_s"]
    assert visit == {
        "event": "visit", "camera": "yard", "source_id": "c-yard", "person": "p3", "name": "Ada",
        "new": False, "away_s": 40.0,
    }  # fmt: skip
    assert (ended["frames"], ended["people"]) == (7, [])


def test_the_summary_names_no_more_cameras_than_one_can_read(tally: PeopleTally) -> None:
    down = [CameraStatus(f"c{number}", "w", "failed", 0.0) for number in range(50)]
    assert summary(down, 1.0, tally).endswith(
        "not there: " + ", ".join(f"c{n}" for n in range(watch_lines._NAMED))
    )
