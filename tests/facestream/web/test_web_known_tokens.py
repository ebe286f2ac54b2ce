"""Tokens that were right before."""

from __future__ import annotations

from facestream.web.known_tokens import KnownTokens


def test_what_was_right_is_known_until_it_is_wrong() -> None:
    known = KnownTokens()
    known.remember("fst_a")
    assert ("fst_a" in known, "fst_b" in known, "\ud800" in known) == (True, False, False)
    known.forget("fst_b")
    known.forget("fst_a")
    assert "fst_a" not in known


def test_the_last_are_kept_and_none_of_them_as_it_is() -> None:
    known = KnownTokens()
    for number in range(1001):
        known.remember(f"fst_{number}")
        known.remember("fst_0")
    assert len(known) == 1000
    assert ("fst_0" in known, "fst_1" in known, "fst_1000" in known) == (True, False, True)
    assert "fst_" not in repr(vars(known))
