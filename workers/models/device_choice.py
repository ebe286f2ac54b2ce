"""Which device models run on: the one that was asked for, or the best that really works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workers.errors import DeviceError
from workers.models.device import CPU, Device, DeviceKind
from workers.models.device_diagnosis import Obstacle, RuntimeFacts, diagnose, obstacle

# TensorRT compiles for minutes when it starts, and CoreML is not known to be faster with pictures of many
# sizes: both run only for who asks for them.
CANDIDATES = (Device(DeviceKind.CUDA), Device(DeviceKind.OPENVINO))


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """What models run on.

    Attributes:
        device: Never `auto`.
        auto: Whether it was chosen for who asked.
        passed_over: Why a better device that seems to be there is not used, or None.
    """

    device: Device
    auto: bool = False
    passed_over: Obstacle | None = None

    def __str__(self) -> str:
        return f"{self.device}, chosen by auto" if self.auto else str(self.device)


def choose_device(asked: Device, facts: RuntimeFacts, attempt: Callable[[Device], str]) -> DeviceChoice:
    """The device for a wish.

    Args:
        asked: What was asked for.
        facts: What there is to run models with.
        attempt: Runs a small model on a device; returns nothing if that went well, else what was said.

    Raises:
        DeviceError: If a device that was asked for by name doesn't run models: why, and what mends it.
    """
    if asked.kind is not DeviceKind.AUTO:
        trouble = _trouble(asked, facts, attempt)
        if trouble is not None:
            raise DeviceError(trouble.cause, device=str(asked), mend=trouble.mend)
        return DeviceChoice(asked)
    passed_over: Obstacle | None = None
    for device in CANDIDATES:
        # A wheel for GPUs on a machine without one is no news.
        if device.provider not in facts.providers or (device.is_nvidia and not facts.cuda_driver):
            continue
        trouble = _trouble(device, facts, attempt)
        if trouble is None:
            return DeviceChoice(device, auto=True, passed_over=passed_over)
        passed_over = passed_over or trouble
    return DeviceChoice(CPU, auto=True, passed_over=passed_over)


def _trouble(device: Device, facts: RuntimeFacts, attempt: Callable[[Device], str]) -> Obstacle | None:
    """Why models don't run on a device, with its name; None where they do."""
    found = obstacle(device, facts)
    if found is None and (said := attempt(device)):
        found = diagnose(device, replace(facts, said=said))
    return found and replace(found, cause=f"models can't run on {device}: {found.cause}")
