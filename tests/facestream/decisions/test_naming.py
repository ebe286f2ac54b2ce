from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.decisions.naming import MAX_NAME_CHARACTERS, checked_name
from facestream.errors import UsageError


def refusal(name: str) -> str:
    with pytest.raises(UsageError) as caught:
        checked_name(name)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "<b>Bob</b> & \"Co\" 'x'",
        "👩‍🚀 Ada 🇫🇷",
        "שלום",
        "مرحبا \u200fx\u200e",
        "王小明",
        "می\u200cخواهم",
        "{{ 7*7 }} %s \\n",
        "x" * MAX_NAME_CHARACTERS,
        "-",
        "p",
        "p 3",
        "p3a",
        "3",
    ],
)
def test_what_people_are_called_is_kept_as_it_is(name: str) -> None:
    assert checked_name(name) == name


def test_spaces_around_it_go_and_letters_are_composed() -> None:
    assert checked_name("  E\u0301mile \u00a0\n") == "\u00c9mile"


@pytest.mark.parametrize("name", ["", " ", "\n\t"])
def test_nothing_takes_the_name_away(name: str) -> None:
    assert checked_name(name) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a\nb", "character 2 of the name, a line break, can't stand on one line"),
        ("a\r\nb", "a line break"),
        ("tab\tb", "character 4 of the name, a tab,"),
        ("a\x1b[31m", "U+001B"),
        ("a\x00b", "U+0000"),
        ("a\x85b", "U+0085"),
        ("a\u2028b", "LINE SEPARATOR"),
        ("a\udcffb", "U+DCFF"),
        ("a\u202eb", "RIGHT-TO-LEFT OVERRIDE, turns the direction"),
        ("a\u2066b", "LEFT-TO-RIGHT ISOLATE, turns the direction"),
    ],
)
def test_what_can_t_be_shown_on_one_line_or_turns_text_is_named(name: str, said: str) -> None:
    assert said in refusal(name)


@pytest.mark.parametrize("name", ["\u200b", "\u200f\u200f", "\u2060", "\u0301"])
def test_a_name_that_nobody_could_see_is_refused(name: str) -> None:
    assert "nothing of the name could be seen" in refusal(name)


@pytest.mark.parametrize("name", ["p1", "P12", " p007 ", "p" + 30 * "9", "\uff50\uff11", "p\u200b1"])
def test_a_name_that_looks_like_an_id_is_refused(name: str) -> None:
    assert "looks like the id of a person" in refusal(name)


@pytest.mark.parametrize("length", [MAX_NAME_CHARACTERS + 1, 10_000])
def test_a_name_that_is_too_long_says_how_long_it_is(length: int) -> None:
    assert f"{length:,} characters, and {MAX_NAME_CHARACTERS} are allowed" in refusal("x" * length)


@given(st.text(max_size=300))
def test_whatever_is_accepted_stays_as_it_is_and_fits_on_one_line(name: str) -> None:
    try:
        kept = checked_name(name)
    except UsageError:
        return
    assert checked_name(kept) == kept
    assert len(kept) <= MAX_NAME_CHARACTERS
    assert len(kept.splitlines()) == (1 if kept else 0)
    assert unicodedata.is_normalized("NFC", kept)
    kept.encode()
