from __future__ import annotations

import click
from hypothesis import given
from hypothesis import strategies as st

from facestream.checkup.finding import Finding, Status
from facestream.commands.doctor import as_row, report, verdict

STATUSES: list[Status] = ["ok", "warning", "failed"]

found = st.lists(
    st.builds(Finding, st.text(max_size=20), st.sampled_from(STATUSES), st.text(), st.text()), min_size=1
)


def test_findings_are_grouped_by_status_with_the_worst_beside_the_verdict() -> None:
    text = click.unstyle(
        report(
            [
                Finding("OpenCV", "failed", "broken", "apt install it"),
                Finding("Python", "ok", "3.11"),
                Finding("memory", "warning", "little", "buy some"),
                Finding("NumPy", "ok", "2.0"),
            ]
        )
    )
    assert text.splitlines() == [
        "ok       Python  3.11",
        "ok       NumPy   2.0",
        "warning  memory  little",
        "                 mend: buy some",
        "FAILED   OpenCV  broken",
        "                 mend: apt install it",
        "",
        "1 FAILED: facestream does not work, or not in full, until that is mended.",
    ]


def test_a_log_keeps_its_lines_below_each_other() -> None:
    text = click.unstyle(report([Finding("server", "failed", "It ended:\nline 1\nline 2")]))

    assert text.splitlines()[:3] == [
        "FAILED   server  It ended:",
        "                 line 1",
        "                 line 2",
    ]


def test_what_could_move_the_cursor_is_escaped() -> None:
    assert "\x1b]0;" not in click.unstyle(report([Finding("folder", "ok", "/data/\x1b]0;title\x07")]))


@given(found)
def test_every_finding_is_shown_and_the_verdict_comes_last(findings: list[Finding]) -> None:
    lines = click.unstyle(report(findings)).splitlines()

    marks = [line.split(" ")[0] for line in lines]
    for status, mark in (("ok", "ok"), ("warning", "warning"), ("failed", "FAILED")):
        assert marks.count(mark) == sum(f.status == status for f in findings)
    assert lines[-1] == verdict(findings)


def test_verdicts() -> None:
    well, warning = Finding("a", "ok", ""), Finding("b", "warning", "")
    assert verdict([well]) == "All is well."
    assert verdict([well, warning]) == "facestream works; 1 warning to look at."
    assert verdict([warning, warning]) == "facestream works; 2 warnings to look at."


def test_a_finding_without_a_mend_says_so_to_machines() -> None:
    assert as_row(Finding("a", "ok", "b")) == {"name": "a", "status": "ok", "detail": "b", "mend": None}
    assert as_row(Finding("a", "failed", "b", "c"))["mend"] == "c"
