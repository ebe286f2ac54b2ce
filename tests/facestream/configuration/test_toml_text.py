from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.configuration.toml_text import TomlSyntaxError, TomlText, lines_in_array

_NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5).map(
    lambda name: json.dumps(name, ensure_ascii=False)
)
_VALUES = st.sampled_from(
    [
        "1",
        "true",
        '"x = 1"',
        '"""\n[no]\na = 1\n"""',
        "[\n 1, # ]\n [2],\n\n]",
        "'''\n'''",
        "{ a = 1, b.c = 2 }",
    ]
)
_GAPS = st.sampled_from(["", "\n", "# a = 1\n", "  \n\t# [x]\n"])


@given(
    st.lists(st.tuples(_GAPS, _NAMES, _VALUES), max_size=6, unique_by=lambda part: part[1]),
    st.sampled_from(["", "[table]\n", "[ a . 'b c' ] # head\n", "[[many]]\n"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_key_has_the_line_that_it_begins_in(
    parts: list[tuple[str, str, str]], header: str, newline: str
) -> None:
    text, expected = header, {}
    for gap, name, value in parts:
        text += gap
        expected[json.loads(name)] = text.count("\n") + 1
        text += f"{name} = {value}\n"
    lines = TomlText.parse(text.replace("\n", newline)).lines
    prefix = {"": (), "[t": ("table",), "[ ": ("a", "b c"), "[[": ("many",)}[header[:2]]
    assert {name: lines[(*prefix, name)] for name in expected} == expected
    assert not header or lines[prefix] == 1


def test_what_is_inside_of_a_value_has_its_line() -> None:
    lines = TomlText.parse("\na.b = { c = 1 }\n[[x]]\nk = 1\n[[x]]\nk = 2\n").lines
    assert lines == {("a",): 2, ("a", "b"): 2, ("a", "b", "c"): 2, ("x",): 3, ("x", "k"): 4}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb =", 2),
        ("a = 1\na = 2\n", 2),
        ("\nb = [1,\n 2", 3),
        ("a = 1\n[a]\n", 2),
        ("x\n", 1),
        (f"a = {'[' * 5000}", 1),
        ("a = \x00", 1),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(TomlSyntaxError) as caught:
        TomlText.parse(text)
    assert caught.value.line == line
    assert "line" not in caught.value.reason


def test_the_tables_of_an_array_have_lines_of_their_own() -> None:
    text = (
        """a = 1
[[many]]
b = """
        + '"""\n[[many]]\n"""'
        + """
c.d = 2

[other]
b = 3
[[ many ]] # the second
[[many]]
c = [
 1,
]
b = 2
[[many.inner]]
b = 1
"""
    )
    assert lines_in_array(text, "many") == [{"": 2, "b": 3, "c": 6}, {"": 10}, {"": 11, "c": 12, "b": 15}]
    assert lines_in_array("many = [{a = 1}]", "many") == []
