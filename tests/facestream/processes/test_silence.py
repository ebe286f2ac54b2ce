from __future__ import annotations

from facestream.processes.silence import Silence


def test_silence_lasts_from_the_last_new_sign_on() -> None:
    silence = Silence()
    assert [silence.heard(sign, now_s) for now_s, sign in enumerate((7, 8, 8, 8, 9, 9))] == [0, 0, 1, 2, 0, 1]


def test_where_there_is_no_sign_yet_or_any_more_nothing_is_silent() -> None:
    silence = Silence()
    assert [silence.heard(None, now_s) for now_s in range(0, 1000, 4)] == [0.0] * 250
    assert [silence.heard(sign, now_s) for now_s, sign in enumerate((7, 7, None, 7, 7))] == [0, 1, 0, 0, 1]


def test_while_the_listener_itself_is_held_up_hardly_any_silence_counts() -> None:
    silence = Silence(longest_look_s=5.0)
    silence.heard(7, 0.0)
    silence.heard(7, 1.0)
    # A container that was paused for an hour.
    assert silence.heard(7, 3601.0) == 6.0
    assert silence.heard(8, 3602.0) == 0.0
