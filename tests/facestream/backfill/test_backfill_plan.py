"""The tasks of a backfill."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from facestream.backfill.backfill_plan import BackfillPlan, SplitVideo
from facestream.errors import SourceBusyError
from facestream.recorded.source_desk import SourceDesk
from facestream.recorded.source_work import VideoWork
from storage.source_claims import SourceClaims
from storage.source_record import SourceRecord
from stream.video import VideoFile


def desk_of(works: dict[Path, VideoWork]) -> SourceDesk:
    """A desk that knows videos already, and says so without a collection."""
    return cast(SourceDesk, SimpleNamespace(video=lambda path, _: works[path], video_pixels=10**7))


def claims_on(*taken: str) -> SourceClaims:
    """Claims, of which others have some until they are asked for a third time."""
    asked: list[str] = []

    def claim(source_id: str) -> bool:
        asked.append(source_id)
        return asked.count(source_id) > 2 or source_id not in taken

    return cast(SourceClaims, SimpleNamespace(claim=claim, release=lambda _: None))


def work_on(path: Path) -> VideoWork:
    info = VideoFile(path, "v").info
    source = SourceRecord(f"v-{path.stem}", "video", str(path), info.width_px, info.height_px, fps=5.0)
    return VideoWork(path, source, info, ((0.0, float("inf")),))


def test_a_video_that_goes_while_it_is_looked_up_costs_the_others_nothing(
    tmp_path: Path, long_video: Path
) -> None:
    paths = [Path(shutil.copy(long_video, tmp_path / name)) for name in ("a.mp4", "b.mp4")]
    works = {path: work_on(path) for path in paths}
    paths[0].unlink()
    failed: list[tuple[Path, str]] = []
    passed: list[SplitVideo | None] = []
    plan = BackfillPlan(
        [(path, None) for path in paths],
        [],
        4.0,
        5.0,
        passed.append,
        lambda *told: failed.append(told),
        lambda _: None,
    )
    tasks = list(plan.tasks(desk_of(works), claims_on(), threading.Event()))
    assert [(path, "doesn't exist" in reason) for path, reason in failed] == [(paths[0], True)]
    assert {task.work.path for task in tasks if task} == {str(paths[1])}  # type: ignore[union-attr]
    assert len(tasks) > 1
    assert passed == []


def test_who_is_told_to_stop_while_a_video_is_looked_up_plans_no_more(long_video: Path) -> None:
    stop = threading.Event()
    stop.set()
    plan = BackfillPlan([(long_video, None)], [], 4.0, 5.0, lambda _: None, lambda *_: None, lambda _: None)
    assert list(plan.tasks(desk_of({long_video: work_on(long_video)}), claims_on(), stop)) == []


def test_a_video_that_another_process_looks_at_comes_behind_all_others(
    tmp_path: Path, long_video: Path
) -> None:
    paths = [Path(shutil.copy(long_video, tmp_path / name)) for name in ("a.mp4", "b.mp4")]
    works = {path: work_on(path) for path in paths}
    busy = [paths[0]]

    def video(path: Path, _: float | None) -> VideoWork:
        if path in busy:
            busy.remove(path)
            raise SourceBusyError(f"another process is looking at {path}", works[path].source.source_id)
        return works[path]

    desk = cast(SourceDesk, SimpleNamespace(video=video, video_pixels=10**7))
    told: list[str] = []
    plan = BackfillPlan(
        [(path, None) for path in paths], [(tmp_path / "c.jpg", None)], 1e3, 5.0, print, print, told.append
    )
    tasks = [
        None if task is None else getattr(task.work, "path", "photos")
        for task in plan.tasks(desk, claims_on("v-a"), threading.Event())
    ]
    # Nothing is to be done while the other process is still at it.
    assert tasks == [str(paths[1]), "photos", None, str(paths[0])]
    assert told == ["a.mp4: another process is looking at it right now; waiting for that."]
