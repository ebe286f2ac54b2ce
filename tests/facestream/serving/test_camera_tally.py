from __future__ import annotations

from facestream.cameras.outage_news import CamerasNow
from facestream.serving.camera_tally import OLD_AFTER_S, CameraTally

COUNTS = {"total": 2, "streaming": 1, "down": 1}


def test_what_was_seen_a_while_ago_is_no_answer_until_somebody_looks_again() -> None:
    looks: list[CamerasNow] = []
    now_s = [100.0]
    tally = CameraTally(looks.append, lambda: now_s[0])
    # Nobody has looked yet.
    assert tally.told(COUNTS) is None
    look = CamerasNow({}, {}, frozenset(), 1.8e9)
    tally.looked(look)
    assert tally.told(COUNTS) == COUNTS
    assert looks == [look]
    now_s[0] += OLD_AFTER_S + 0.1
    assert tally.told(COUNTS) is None
