"""The processor cores that this process may run on."""

import os


def core_numbers() -> list[int]:
    """Their numbers, ascending; empty where the system doesn't bind processes to cores."""
    affinity = getattr(os, "sched_getaffinity", None)
    return sorted(affinity(0)) if affinity else []


def available_cores() -> int:
    """How many they are, at least 1."""
    return len(core_numbers()) or os.cpu_count() or 1
