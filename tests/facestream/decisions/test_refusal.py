"""Refusals while somebody else changes what they are about."""

from __future__ import annotations

from facestream.configuration.settings import Place
from facestream.decisions.refusal import Refusal
from storage.identity_record import Identity


def test_two_whose_paths_do_not_meet_any_more_are_told_to_try_again() -> None:
    refusal = Refusal(Place(None, None, "family"), "open")
    person = Identity(identity_id="p1")
    said = refusal.one_person([], ["Ann", "p2"], person, [["p1"], []])
    assert str(said) == "Ann and p2 are one person, p1, and that is changing just now. Run the command again."
