"""The one command of the benchmarks: its parts, its table, what it writes, and how it goes on."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def measured() -> list[Any]:
    """What three parts came to: one was measured, one failed, one could not run."""
    from figure import Figure, Goal
    from result import Curve, Result
    from suite_run import Outcome

    figures = [
        Figure("frames looked at", 30.0, "frames/s", "more", 6.0, "naive loop", Goal(4.0, of="ratio")),
        Figure("run as a whole", 4.0, "s", "less", 2.0, "bare session.run", Goal(0.85, of="ratio")),
        Figure("people found", 1234567, better="more"),
    ]
    sizes, times = [10.0, 100.0], [0.1, 2.0]
    curves = [
        Curve("Time by tracks", who, "tracks", "s", sizes, times, log=True) for who in ("ours", "theirs")
    ]
    return [
        Outcome(
            "files", "done", "", ["speed.py"], 3.5, {"commit": "abc"}, Result(figures, curves, {"rounds": 3})
        ),
        Outcome("floors", "failed", "ended with 1: a | b", ["floors.py"], 0.1, {}, Result()),
        Outcome("gpu", "skipped", "nvidia-smi not on the PATH", [], 0.0, {}, Result()),
    ]


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_the_table_has_rivals_ratios_goals_and_parts_that_came_to_nothing(measured: list[Any]) -> None:
    from suite_report import table

    head, _, *rows = cells(table(measured))
    assert head == ["part", "measure", "value", "rival", "ratio", "goal", "met?"]
    assert rows[0] == [
        *("files", "frames looked at", "30.0 frames/s", "6.00 frames/s naive loop"),
        *("5.00 ×", "≥ 4 ×", "yes"),
    ]
    assert rows[1][4:] == ["0.500 ×", "≥ 0.85 ×", "**no**"]
    assert rows[2][2:] == ["1,234,567", "", "", "", ""]
    assert [row[:2] for row in rows[3:]] == [
        ["floors", "failed: ended with 1: a / b"],
        ["gpu", "skipped: nvidia-smi not on the PATH"],
    ]


def test_results_are_written_with_what_they_were_measured_on(tmp_path: Path, measured: list[Any]) -> None:
    from machine import machine_facts
    from suite_report import write_results

    write_results(tmp_path / "results.json", measured, machine_facts(), quick=True)
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["quick"] is True
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["versions"]["numpy"]
    assert {"cpu", "memory_gb", "load_average", "python", "date", "commit"} <= found["machine"].keys()
    assert list(found["parts"]) == ["files", "floors", "gpu"]
    files = found["parts"]["files"]
    assert [(one["ratio"], one["met"]) for one in files["figures"]] == [
        (5.0, True),
        (0.5, False),
        (None, None),
    ]
    assert files["details"] == {"rounds": 3}
    assert files["machine"] == {"commit": "abc"}
    assert files["curves"][0]["y"] == [0.1, 2.0]


def test_ratios_and_each_title_of_curves_are_drawn(tmp_path: Path, measured: list[Any]) -> None:
    from suite_plots import draw

    groups = {"files": "speed", "floors": "speed", "gpu": "models"}
    found = draw(measured, tmp_path / "plots", groups)
    assert sorted(path.name for path in found) == [
        *("ratios-speed.png", "ratios-speed.svg", "time-by-tracks.png", "time-by-tracks.svg"),
    ]
    assert all(path.stat().st_size > 1000 for path in found)
    assert draw(measured[1:], tmp_path / "none", groups) == []


def test_a_part_is_read_as_it_was_written(tmp_path: Path, measured: list[Any]) -> None:
    from suite_run import Outcome

    measured[0].write(tmp_path / "files.json")
    assert Outcome.read(tmp_path / "files.json") == measured[0]
    (tmp_path / "half.json").write_text((tmp_path / "files.json").read_text()[:200])
    assert Outcome.read(tmp_path / "half.json") is None
    assert Outcome.read(tmp_path / "absent.json") is None


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.floats(1e-3, 1e3))
def test_a_ratio_above_one_is_better_than_the_rival_whatever_is_better(
    value: float, rival: float, limit: float
) -> None:
    from figure import Figure, Goal

    more = Figure("x", value, "", "more", rival, "rival", Goal(limit, of="ratio"))
    less = Figure("x", rival, "", "less", value, "rival", Goal(limit, of="ratio"))
    assert more.ratio == less.ratio == value / rival
    assert more.is_met == less.is_met == (value / rival >= limit)
    assert Figure("x", value, goal=Goal(limit, "most")).is_met == (value <= limit)
    assert Figure.of(json.loads(json.dumps(more.as_dict()))) == more


def test_a_figure_without_a_rival_or_a_goal_says_so() -> None:
    from figure import Figure, Goal

    assert (Figure("x", 1.0).ratio, Figure("x", 1.0).is_met) == (None, None)
    assert Figure("x", 1.0, goal=Goal(2.0, of="ratio")).is_met is None
    assert Figure("x", 0.0, rival=1.0).ratio is None


def scripts_of(folder: Path) -> Iterator[Any]:
    """Parts that fail, work, and need what is not there; each notes that it was run."""
    from suite_parts import Part

    bodies = {
        "breaks": "sys.exit('no camera')",
        "works": """path = sys.argv[sys.argv.index('--json') + 1]
open(path, 'w').write('{"figures": [{"what": "size", "value": ' + sys.argv[1] + '}]}')""",
        "silent": "pass",
    }
    for name, body in bodies.items():
        script = folder / f"{name}.py"
        script.write_text(f"import sys\nopen({str(folder / 'ran')!r}, 'a').write('{name} ')\n{body}\n")
        yield Part(name, "made-up", "nothing", str(script), "10", "1", 1.0)
    yield Part("lacks", "made-up", "nothing", "absent.py", "", "", 1.0, needs=("clips",))


def test_a_part_that_fails_is_said_the_others_go_on_and_what_is_done_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import suite

    parts = tuple(scripts_of(tmp_path))
    monkeypatch.setattr(suite, "PARTS", parts)
    monkeypatch.setattr(suite, "chosen", lambda _: list(parts))
    monkeypatch.delenv("FACESTREAM_TEST_DATA", raising=False)
    out = tmp_path / "out"
    assert suite.main(["--out", str(out)]) == 1
    told = capfd.readouterr()
    assert "FAILED: ended with 1: no camera" in told.err
    assert "Failed: breaks, silent." in told.err
    states = {
        name: one["state"] for name, one in json.loads((out / "results.json").read_text())["parts"].items()
    }
    assert states == {"breaks": "failed", "works": "done", "silent": "failed", "lacks": "skipped"}
    assert "lacks | skipped: needs clips: name a folder by --data" in told.out
    assert (out / "results.md").read_text() == told.out
    assert (tmp_path / "ran").read_text().split() == ["breaks", "works", "silent"]
    # What failed is tried again, and small sizes are another matter.
    assert suite.main(["--out", str(out)]) == 1
    assert (tmp_path / "ran").read_text().split()[3:] == ["breaks", "silent"]
    assert "there already" in capfd.readouterr().err
    assert suite.main(["--out", str(out), "--quick"]) == 1
    assert (tmp_path / "ran").read_text().split()[5:] == ["breaks", "works", "silent"]
    assert json.loads((out / "parts" / "works.json").read_text())["figures"][0]["value"] == 1
    assert suite.main(["--out", str(out), "--quick", "--again"]) == 1
    assert (tmp_path / "ran").read_text().split()[8:] == ["breaks", "works", "silent"]


def test_ctrl_c_ends_the_part_and_what_it_started(tmp_path: Path) -> None:
    from suite_parts import Part
    from suite_run import run_part

    script, told = tmp_path / "long.py", tmp_path / "pids"
    script.write_text(
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(told)!r} + '.part', 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        f"os.rename({str(told)!r} + '.part', {str(told)!r})\n"
        "time.sleep(600)\n"
    )
    for name in ("parts", "logs"):
        (tmp_path / name).mkdir()

    def interrupt(_: float) -> None:
        if told.exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_part(Part("long", "x", "x", str(script), "", "", 1.0), None, tmp_path, interrupt, quick=True)
    processes = [psutil.Process(int(pid)) for pid in told.read_text().split() if psutil.pid_exists(int(pid))]
    assert psutil.wait_procs(processes, timeout=60)[1] == []


def test_a_real_part_goes_through_the_whole_command(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import suite

    assert suite.main(["--quick", "--only", "insertion", "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "results.json").read_text())["parts"]["insertion"]
    assert found["command"][0] == "insertion.py"
    values = {figure["what"]: figure["value"] for figure in found["figures"]}
    assert values["insertion p50, 200 tracks, exact index"] > 0
    assert "| insertion | insertion p50, 200 tracks, exact index |" in capfd.readouterr().out
    assert (tmp_path / "plots" / "one-track-more-by-tracks.svg").exists()


def test_names_of_groups_and_what_parts_need_are_chosen_with_them() -> None:
    from suite_parts import PARTS, chosen

    assert [part.name for part in chosen([])] == [part.name for part in PARTS]
    assert {part.name for part in chosen(["ingest"])} == {"samples", "kills"}
    # Or a part could not be measured alone.
    assert not {part.name for part in PARTS} & {part.group for part in PARTS}
    assert [part.name for part in chosen(["quality-pack"])] == ["made-clips", "quality-pack"]
    with pytest.raises(KeyError, match="nonsense"):
        chosen(["nonsense"])


def test_every_part_has_its_script_and_its_place_in_the_docs() -> None:
    facts = tomllib.loads((BENCHMARKS / "suite.toml").read_text())
    docs = (ROOT / "docs" / "benchmarks.md").read_text()
    for name, part in facts.items():
        assert (BENCHMARKS / part["script"]).is_file(), name
        assert f"`{name}`" in docs, f"docs/benchmarks.md does not name the part {name}"
        assert f"{part['script']}" in docs or name == "calibration", name
    named = re.findall(r"^Parts? (.*)", docs, re.MULTILINE)
    parts = {one for line in named for one in re.findall(r"`([a-z0-9-]+)`", line)}
    assert parts <= facts.keys()


def test_each_command_of_the_docs_is_a_part_and_each_part_a_command_of_the_docs() -> None:
    facts = tomllib.loads((BENCHMARKS / "suite.toml").read_text())
    docs = (ROOT / "docs" / "benchmarks.md").read_text()
    folders = {"{data}": "TEST_DATA", "{out}/made-clips": "GENERATED_CLIPS", "{out}/jump-cuts": "JUMP_CUTS"}

    def short(line: str) -> str:
        """Without folders of folders, and without what says where figures go."""
        for folder, called in folders.items():
            line = line.replace(folder, called)
        words = re.sub(r"#.*|--json \S+", "", line).split()
        return " ".join(word.rpartition("/")[2] for word in words)

    parts = {short(f"{part['script']} {part['arguments']}") for part in facts.values()}
    told = {short(line) for line in re.findall(r"^\$ python benchmarks/(.*)", docs, re.MULTILINE)}
    assert parts == {line for line in told if not line.startswith("suite.py")}


def test_what_was_measured_on_other_data_counts_for_nothing_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import suite

    _, works, _, _ = scripts_of(tmp_path)
    parts = (replace(works, arguments="10 {data}"), replace(works, name="alone"))
    monkeypatch.setattr(suite, "PARTS", parts)
    monkeypatch.setattr(suite, "chosen", lambda _: list(parts))
    first, other = tmp_path / "first", tmp_path / "other"
    for folder, size in ((first, 3), (other, 4)):
        folder.mkdir()
        (folder / "clip.mp4").write_bytes(bytes(size))

    def ran(*words: str) -> int:
        (tmp_path / "ran").unlink(missing_ok=True)
        assert suite.main(["--out", str(tmp_path / "out"), *words]) == 0
        return (tmp_path / "ran").read_text().count("works") if (tmp_path / "ran").exists() else 0

    assert ran("--data", str(first)) == 2
    assert ran("--data", str(first.rename(tmp_path / "moved"))) == 0
    assert ran("--data", str(other)) == 1
    assert capfd.readouterr().err.count("there already") == 3


def test_a_part_whose_needs_came_to_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import suite

    breaks, works, _, _ = scripts_of(tmp_path)
    parts = (breaks, replace(works, after=("breaks",)))
    monkeypatch.setattr(suite, "PARTS", parts)
    monkeypatch.setattr(suite, "chosen", lambda _: list(parts))
    assert suite.main(["--out", str(tmp_path / "out")]) == 1
    assert (tmp_path / "ran").read_text().split() == ["breaks"]
    assert "works | skipped: breaks came to nothing" in capfd.readouterr().out
