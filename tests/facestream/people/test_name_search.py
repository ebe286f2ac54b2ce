from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from facestream.people.name_search import NameSearch

letters = st.text("abü ", max_size=6)


@given(st.dictionaries(st.integers(1, 50).map("p{}".format), letters), letters.filter(bool))
def test_it_finds_what_a_look_at_each_name_finds(names: dict[str, str], text: str) -> None:
    assert NameSearch(names).holding(text) == {i for i, name in names.items() if text in name}


def test_very_many_hits_are_left_to_who_asks() -> None:
    names = {f"p{n}": f"ada {n}" for n in range(1, 6000)}
    assert NameSearch(names).holding("ada") is None
    assert NameSearch(names).holding("ada 59") == {
        "p59",
        *(f"p{n}" for n in [*range(590, 600), *range(5900, 6000)]),
    }


def test_a_text_that_spans_two_names_is_in_neither() -> None:
    assert NameSearch({"p1": "ada", "p2": "bob"}).holding("a\nb") == set()
