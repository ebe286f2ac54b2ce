"""How cameras are doing, as families of metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from facestream.metrics.camera_counts import OUTCOMES, CameraCounts
from storage.camera_status import CameraStatus

MOST_CAMERAS = 1000
"""Cameras that have series of their own; what those beyond do is summed up."""

OTHERS = "_others"
"""What the cameras beyond are called; no camera can be called so."""

STATES = ("connecting", "streaming", "stalled", "backing_off", "paused", "failed", "waiting")


def camera_families(
    statuses: Iterable[CameraStatus],
    states: Mapping[str, str] | None = None,
    counts: CameraCounts | None = None,
) -> Iterator[Metric]:
    """How cameras are doing.

    Args:
        statuses: What workers say of each that they look at, or looked at a moment ago.
        states: What each camera does, one of `STATES`, by its name; by default what the statuses say.
        counts: What was told of before, by the same process; by default nothing was.
    """
    ordered = sorted(statuses, key=lambda status: status.name)
    states = {status.name: status.state for status in ordered} if states is None else states
    yield _states(states)
    named, others = ordered[:MOST_CAMERAS], ordered[MOST_CAMERAS:]
    told, summed_up = (counts or CameraCounts()).take(named, others)
    rows = [(status.name, count, [status]) for status, count in zip(named, told, strict=True)]
    if others or any(summed_up.values()):
        # Also where they have become few again: it would begin anew.
        rows.append((OTHERS, summed_up, others))
    received = CounterMetricFamily(
        "facestream_frames_received", "Frames that a camera sent and that were decoded.", labels=["camera"]
    )
    frames = CounterMetricFamily(
        "facestream_frames",
        "What became of them: faces were looked for (looked), nothing had changed (still), the models failed "
        "on them (failed), they were dropped as the worker was busy or the queue full, or not needed for the "
        "rate (not_sampled).",
        labels=["camera", "outcome"],
    )
    corrupt = CounterMetricFamily(
        "facestream_corrupt_packets", "Packets that could not be decoded.", labels=["camera"]
    )
    connects = CounterMetricFamily(
        "facestream_camera_connects", "How often a camera was connected to.", labels=["camera"]
    )
    waiting = GaugeMetricFamily(
        "facestream_frames_waiting", "Sampled frames that wait for the worker.", labels=["camera"]
    )
    held = GaugeMetricFamily(
        "facestream_entries_held", "Entries that wait for room in the queue.", labels=["camera"]
    )
    for name, count, of in rows:
        received.add_metric([name], count["received"])
        for outcome in OUTCOMES:
            frames.add_metric([name, outcome], count[outcome])
        corrupt.add_metric([name], count["corrupt"])
        connects.add_metric([name], count["connects"])
        waiting.add_metric([name], sum(max(each.taken - each.dropped - each.done, 0) for each in of))
        held.add_metric([name], sum(each.held for each in of))
    yield from (received, frames, corrupt, connects, waiting, held)
    yield from _moments(named, states)


def _states(states: Mapping[str, str]) -> Metric:
    family = GaugeMetricFamily("facestream_cameras", "Cameras by what they do.", labels=["state"])
    for state in STATES:
        family.add_metric([state], sum(each == state for each in states.values()))
    return family


def _moments(statuses: Sequence[CameraStatus], states: Mapping[str, str]) -> Iterator[Metric]:
    up = GaugeMetricFamily("facestream_camera_up", "Whether a camera streams.", labels=["camera"])
    delay = GaugeMetricFamily(
        "facestream_camera_delay_seconds",
        "Age of the newest frame when it had been looked at.",
        labels=["camera"],
    )
    rate = GaugeMetricFamily(
        "facestream_camera_frames_per_second", "Frames looked at a second, of late.", labels=["camera"]
    )
    # Also of those that nobody looks at: an alert is about them most of all.
    for name in sorted(states)[:MOST_CAMERAS]:
        up.add_metric([name], float(states[name] == "streaming"))
    for status in statuses:
        rate.add_metric([status.name], status.fps_done)
        if status.delay_s is not None:
            delay.add_metric([status.name], status.delay_s)
    return iter((up, delay, rate))
