"""--device: what models run on is what was asked for, and told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_runs import Done, Processed

from facestream import connect

# Neither is there on the other system.
ELSEWHERE = "cuda" if sys.platform == "darwin" else "coreml"


@pytest.mark.parametrize(
    "command",
    [
        ["run", "a.mp4"],
        ["compare", "a.jpg", "b.jpg"],
        ["people", "find", "a.jpg"],
        ["cluster", "a.jpg"],
        ["calibrate", "photos"],
        ["reembed", "--models", "open"],
        ["doctor"],
    ],
    ids=lambda command: command[0],
)
def test_what_is_no_device_is_wrong_usage_of_every_command_with_models(
    here: Callable[..., Done], command: list[str]
) -> None:
    said = here(*command, "--device", "gpu", code=2).stderr
    assert "'gpu' is no device; write auto, cpu, cuda[:n]" in said


def test_a_device_that_does_not_work_ends_a_run_before_anything_is_stored(
    here: Callable[..., Done], media: Path
) -> None:
    photos = media / "photos"
    said = here("run", "--device", ELSEWHERE, photos, code=1).stderr
    assert f"models can't run on {ELSEWHERE}" in said
    assert "Mend: Choose --device auto or --device cpu" in said
    assert "Nothing was processed into collection" in here("people").stdout


def test_a_device_that_does_not_work_ends_a_comparison(here: Callable[..., Done], media: Path) -> None:
    photo = media / "photos" / "astronaut.jpg"
    assert f"can't run on {ELSEWHERE}" in here("compare", "--device", ELSEWHERE, photo, photo, code=1).stderr
    assert here("compare", "--device", "cpu", "--json", photo, photo).json()["same"] is True


def test_what_ran_is_kept_with_the_source_and_told_by_the_report(
    processed: Processed, here: Callable[..., Done], tmp_path: Path
) -> None:
    ran = processed.photos_run.json()["provider"]
    with connect(processed.cli.data_dir) as store:
        assert {source.provider for source in store.sources()} == {ran}
    here("report", "-o", tmp_path / "page.html", "--data-dir", processed.cli.data_dir)
    assert f"on {ran}" in (tmp_path / "page.html").read_text()
