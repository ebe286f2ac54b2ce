import logging

import pytest

from stream.errors import CameraRefusedError
from stream.hardware_decoder import accelerator, working_devices


def test_software_is_no_device() -> None:
    assert accelerator("none") is None


def test_a_device_that_does_not_work_here_is_refused_and_the_others_are_named() -> None:
    with pytest.raises(CameraRefusedError, match="'warp' doesn't work on this machine") as refusal:
        accelerator("warp")
    assert all(device in str(refusal.value) for device in working_devices() or ("'auto'",))


def test_auto_takes_what_works_and_else_says_once_that_it_is_software(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        chosen = [accelerator("auto") for _ in range(3)]
    if working_devices():
        assert all(device is not None for device in chosen)
    else:
        assert chosen == [None] * 3
        assert len(caplog.records) <= 1
