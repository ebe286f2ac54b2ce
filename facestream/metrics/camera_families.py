"""How cameras are doing, as families of metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from storage.camera_status import CameraStatus

MOST_CAMERAS = 1000
"""Cameras that have series of their own; what those beyond do is summed up."""

OTHERS = "_others"
"""What the cameras beyond are called; no camera can be called so."""

STATES = ("connecting", "streaming", "stalled", "backing_off", "paused", "failed", "waiting")
OUTCOMES = ("looked", "still", "failed", "dropped_busy", "dropped_queue_full", "not_sampled")


@dataclass(slots=True)
class _Sums:
    received: int = 0
    corrupt: int = 0
    connects: int = 0
    waiting: int = 0
    held: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))

    def add(self, status: CameraStatus) -> None:
        self.received += status.received
        self.corrupt += status.corrupt
        self.connects += status.connects
        self.waiting += max(status.taken - status.dropped - status.done, 0)
        self.held += status.held
        found = {
            "looked": status.looked - status.failed,
            "failed": status.failed,
            "still": status.done - status.looked,
            "dropped_busy": status.dropped - status.dropped_full,
            "dropped_queue_full": status.dropped_full,
            "not_sampled": status.received - status.taken,
        }
        for outcome, count in found.items():
            # The counters of a camera are read one after the other, while it goes on.
            self.outcomes[outcome] += max(count, 0)


def camera_families(
    statuses: Iterable[CameraStatus], states: Mapping[str, str] | None = None
) -> Iterator[Metric]:
    """How cameras are doing.

    Args:
        statuses: What workers say of each that they look at, or looked at a moment ago.
        states: What each camera does, one of `STATES`, by its name; by default what the statuses say.
    """
    ordered = sorted(statuses, key=lambda status: status.name)
    states = {status.name: status.state for status in ordered} if states is None else states
    yield _states(states)
    sums: dict[str, _Sums] = {}
    for number, status in enumerate(ordered):
        sums.setdefault(status.name if number < MOST_CAMERAS else OTHERS, _Sums()).add(status)
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
    for name, sum_ in sums.items():
        received.add_metric([name], sum_.received)
        for outcome, count in sum_.outcomes.items():
            frames.add_metric([name, outcome], count)
        corrupt.add_metric([name], sum_.corrupt)
        connects.add_metric([name], sum_.connects)
        waiting.add_metric([name], sum_.waiting)
        held.add_metric([name], sum_.held)
    yield from (received, frames, corrupt, connects, waiting, held)
    yield from _moments(ordered[:MOST_CAMERAS], states)


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
