from __future__ import annotations

from workers.models.providers import available_providers


def test_the_processor_is_always_among_them() -> None:
    assert "CPUExecutionProvider" in available_providers()
