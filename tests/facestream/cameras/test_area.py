import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.cameras.area import parse_area, shown_area

shares = st.integers(0, 1000).map(lambda thousandth: thousandth / 1000)


@given(shares, shares, st.floats(0.01, 1), st.floats(0.01, 1))
def test_an_area_that_is_shown_is_read_again(x: float, y: float, width: float, height: float) -> None:
    right, bottom = round(min(x + width, 1.0), 3), round(min(y + height, 1.0), 3)
    if right - x < 0.005 or bottom - y < 0.005:
        return
    area = ((x, y), (right, y), (right, bottom), (x, bottom))
    for found, expected in zip(parse_area(shown_area(area)), area, strict=True):
        assert found == pytest.approx(expected)


def test_shares_and_percent_mean_the_same() -> None:
    for text in ("0,0 50%,0 .5,100%", " 0%,0%  0.5,0\t50%,1 "):
        assert parse_area(text) == ((0, 0), (0.5, 0), (0.5, 1))


@pytest.mark.parametrize(
    "text", ["", "0,0", "0,0 1,1", "0,0 1,1 2,2", "0,0 1,nan 1,1", "0,0 1,0 1", "0;0 1;0 1;1"]
)
def test_anything_else_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"it has|lies outside|is no pair|is empty"):
        parse_area(text)
