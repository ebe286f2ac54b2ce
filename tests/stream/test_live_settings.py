from typing import Any

import pytest

from stream.live_settings import LiveSettings


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"fps": 0}, "fps is 0"),
        ({"fps": 26}, "at most 25"),
        ({"transport": "http"}, "auto, tcp, udp"),
        ({"hwaccel": ""}, "hwaccel is empty"),
        ({"stall_s": 0}, "stall_s is 0"),
        ({"open_timeout_s": float("inf")}, "open_timeout_s is inf"),
        ({"longest_backoff_s": 0.5}, "longest_backoff_s is 0.5"),
        ({"max_pixels": 0}, "max_pixels and capacity"),
        ({"capacity": 0}, "max_pixels and capacity"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        LiveSettings(**wrong)
