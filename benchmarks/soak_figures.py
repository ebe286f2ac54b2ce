"""What a soak test counts, and what it says of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from figure import Figure, Goal
from markdown_table import markdown_table
from watched import slope_per_min

# Of the life of a process, until its models are loaded and its caches are full.
_WARM_SHARE, _WARM_S = 0.2, 60.0
# Behind that, less says nothing.
_TELLING_S = 45.0
# What is called flat: so much growth a minute, or in all where the time is too short to tell.
_RSS_MB_PER_MIN, _RSS_NOISE_MB = 1.0, 25.0
_DESCRIPTORS, _THREADS = 6, 6
_REDIS_SHARE, _REDIS_NOISE_MB = 0.15, 2.0


@dataclass
class Life:
    """One process, from its first sample to its last.

    Attributes:
        role: What it is: "serve", "worker", "cluster-worker" or "redis".
        pid: Its number.
        at_s: When each sample was taken, s from the beginning.
        rss_mb: Resident memory.
        descriptors: Open files.
        threads: Threads.
    """

    role: str
    pid: int
    at_s: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    @property
    def lasted_s(self) -> float:
        """From the first sample to the last."""
        return self.at_s[-1] - self.at_s[0]

    def warm(self) -> slice:
        """The samples behind the warm-up; none where it was too short to tell."""
        warm_s = max(_WARM_SHARE * self.lasted_s, _WARM_S)
        if self.lasted_s - warm_s < _TELLING_S:
            return slice(0, 0)
        return slice(int(np.searchsorted(self.at_s, self.at_s[0] + warm_s)), None)


@dataclass
class Soak:
    """All that was counted.

    Attributes:
        lives: The processes.
        at_s: When Redis was asked, s from the beginning.
        queued: Entries of the stream `samples`.
        redis_mb: Memory that Redis holds for data.
        faults: When which fault began, what it was and how long it lasted, s.
        recovered_s: How long after its end all was well again, in the same order; infinite: not in time.
        kills: How often each role was killed.
        ended: What was so at the end, by name: whether it was as it should be.
        said: What was said of processes that ended.
    """

    lives: list[Life] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)
    queued: list[int] = field(default_factory=list)
    redis_mb: list[float] = field(default_factory=list)
    faults: list[tuple[float, str, float]] = field(default_factory=list)
    recovered_s: list[float] = field(default_factory=list)
    kills: dict[str, int] = field(default_factory=dict)
    ended: dict[str, bool] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def longest(self, role: str) -> Life | None:
        """The life of a role that lasted longest."""
        return max(
            (life for life in self.lives if life.role == role), key=lambda life: life.lasted_s, default=None
        )

    def roles(self) -> list[str]:
        """All roles, in order of their first samples."""
        return list(dict.fromkeys(life.role for life in self.lives))


def rows_of(soak: Soak) -> list[dict[str, Any]]:
    """A row for each role: of its longest life, behind the warm-up."""
    rows = []
    for role in soak.roles():
        life = soak.longest(role)
        assert life is not None
        warm = life.warm()
        rows.append(
            {
                "process": role,
                "lives": sum(other.role == role for other in soak.lives),
                "killed": soak.kills.get(role, 0),
                "longest_min": round(life.lasted_s / 60, 1),
                "rss_mb": round(life.rss_mb[-1], 1),
                "rss_most_mb": round(max(max(other.rss_mb) for other in soak.lives if other.role == role), 1),
                "rss_more_mb": round(_growth(life.rss_mb[warm]), 1),
                "rss_mb_per_min": round(slope_per_min(life.at_s[warm], life.rss_mb[warm]), 2),
                "descriptors": life.descriptors[-1],
                "descriptors_more": round(_growth(life.descriptors[warm])),
                "threads": life.threads[-1],
                "threads_more": round(_growth(life.threads[warm])),
            }
        )
    return rows


def complaints_of(soak: Soak) -> list[str]:
    """What was not as it should be; nothing if all was."""
    found = [f"not so: {what}" for what, was_so in soak.ended.items() if not was_so]
    for (at_s, what, _), recovered_s in zip(soak.faults, soak.recovered_s, strict=False):
        if recovered_s == np.inf:
            found.append(f"not well again after {what} at {at_s:.0f} s")
    for row in rows_of(soak):
        role = row["process"]
        died = row["lives"] - 1 - row["killed"]
        if died > 0:
            found.append(f"{role} died {died} times by itself")
        if row["rss_more_mb"] > _RSS_NOISE_MB and row["rss_mb_per_min"] > _RSS_MB_PER_MIN:
            found.append(f"{role}: memory grows by {row['rss_mb_per_min']:g} MB/min")
        if row["descriptors_more"] > _DESCRIPTORS:
            found.append(f"{role}: {row['descriptors_more']} more descriptors")
        if row["threads_more"] > _THREADS:
            found.append(f"{role}: {row['threads_more']} more threads")
    third = len(soak.redis_mb) // 3
    if third:
        before, after = (
            float(np.median(part)) for part in (soak.redis_mb[third : 2 * third], soak.redis_mb[-third:])
        )
        if after > before * (1 + _REDIS_SHARE) + _REDIS_NOISE_MB:
            found.append(f"Redis: {before:.1f} MB in the second third, {after:.1f} MB in the last")
    return found


def report_of(soak: Soak) -> dict[str, Any]:
    """All of it, for machines."""
    complaints = complaints_of(soak)
    names = [what.split()[0] for _, what, _ in soak.faults]
    return {
        "minutes": round(soak.at_s[-1] / 60, 1) if soak.at_s else 0.0,
        "processes": rows_of(soak),
        "faults": {name: names.count(name) for name in dict.fromkeys(names)},
        "recovery_median_s": _rounded(np.median, soak.recovered_s),
        "recovery_worst_s": _rounded(np.max, soak.recovered_s),
        "queue_most": max(soak.queued, default=0),
        "queue_last": soak.queued[-1] if soak.queued else None,
        "queue_per_min": round(slope_per_min(soak.at_s, soak.queued), 2),
        "redis_mb": round(soak.redis_mb[-1], 2) if soak.redis_mb else None,
        "redis_most_mb": round(max(soak.redis_mb, default=0.0), 2),
        "ended": soak.ended,
        "said": soak.said,
        "passed": not complaints,
        "complaints": complaints,
    }


def figures_of(report: dict[str, Any]) -> list[Figure]:
    """What is told."""
    figures = [
        Figure("complaints", len(report["complaints"]), goal=Goal(0, "most")),
        Figure("faults", sum(report["faults"].values()), better="more"),
        Figure("entries in the queue, at most", report["queue_most"]),
        Figure("memory of Redis, at most", report["redis_most_mb"], "MB"),
    ]
    for name, key in (("median", "recovery_median_s"), ("worst", "recovery_worst_s")):
        if report[key] is not None:
            figures.append(Figure(f"all well again after a fault, {name}", report[key], "s"))
    return figures + [
        Figure(f"growth of memory, {row['process']}", row["rss_mb_per_min"], "MB/min")
        for row in report["processes"]
    ]


def _rounded(of: Callable[[list[float]], Any], values: Sequence[float]) -> float | None:
    finite = [value for value in values if value < np.inf]
    return round(float(of(finite)), 1) if finite else None


def show(report: dict[str, Any]) -> None:
    """Print it for people."""
    if rows := report["processes"]:
        print(f"{markdown_table(rows)}\n")
    for key, value in report.items():
        if key not in ("processes", "complaints", "passed", "said"):
            print(f"{key:14} {value}")
    print(
        "\nPASSED"
        if report["passed"]
        else "\nFAILED\n" + "\n".join(f"- {one}" for one in report["complaints"])
    )


def _growth(counts: Sequence[float]) -> float:
    """From the median of the first quarter to that of the last."""
    quarter = max(len(counts) // 4, 1)
    return float(np.median(counts[-quarter:]) - np.median(counts[:quarter])) if counts else 0.0
