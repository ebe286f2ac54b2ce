"""What workers send: is it taken in, and was any of it put aside?"""

from __future__ import annotations

from collections.abc import Iterator

from facestream.checkup.finding import Finding
from storage.collection_pulse import CollectionPulse


def check_queue(pulse: CollectionPulse) -> Iterator[Finding]:
    """Look for entries that wait for nobody, and for dead letters.

    Args:
        pulse: How the collection is doing.

    Returns:
        Findings of what is wrong; none where nothing is.
    """
    if pulse.waiting and not pulse.led:
        yield Finding(
            "queue",
            "warning",
            f"{_counted(pulse.waiting, 'entry waits', 'entries wait')}, and no cluster worker is in charge: "
            "nobody looks for the people in what was seen",
            "Run `facestream serve`, `watch` or `cluster-worker`; the next `run` takes it in as well.",
        )
    if pulse.dead:
        yield Finding(
            "dead letters",
            "warning",
            f"{_counted(pulse.dead, 'entry', 'entries')} of the queue could not be taken in and "
            f"{'was' if pulse.dead == 1 else 'were'} put aside",
            "`facestream dead` shows why; `facestream dead retry` tries again.",
        )


def _counted(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
