from __future__ import annotations

import pytest

from workers.models.near_name import nearest


@pytest.mark.parametrize(
    ("written", "meant"),
    [("tilte", "title"), ("MODEL-ID", "model_id"), ("model_id", "model_id"), ("zebra", None), ("", None)],
)
def test_what_is_nearly_a_name_is_taken_for_it(written: str, meant: str | None) -> None:
    assert nearest(written, ("title", "model_id", "licence")) == meant
