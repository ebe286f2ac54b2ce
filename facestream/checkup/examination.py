"""All checks, one after the other: what one of them fails with costs the others nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from facestream.checkup.clashes import OURS, check_clashes, strangers
from facestream.checkup.finding import Finding
from facestream.checkup.imports import broken_imports
from facestream.checkup.machine import check_data_folder, check_memory, check_model_cache, check_processors
from facestream.checkup.versions import MODULES, check_packages, check_program
from facestream.configuration.settings import AUTO_DEVICE, DEFAULT_MODELS, Place
from facestream.errors import UsageError

if TYPE_CHECKING:
    from facestream.checkup.speed import Speed

_log = logging.getLogger(__name__)

# Their messages say what to do; named, as a broken installation may lack them.
_OUR_ERRORS = {"facestream.errors", "storage.errors", "stream.errors", "workers.errors"}
_MODELS = ("numpy", "cv2", "onnxruntime", "onnx", "pydantic", "redis", *OURS)
_RUN = (*_MODELS, "av", "scipy", "PIL")


class Examination:
    """Checks of this installation, this machine and a place.

    Args:
        place: Where people are stored.
        models: Name or folder of a model pack that is looked at beside the built-in ones.
        device: What models are to run on.
        debug: Whether tracebacks of unexpected errors are logged.

    Attributes:
        findings: What was found so far.
    """

    def __init__(
        self, place: Place, *, models: str | None = None, device: str = AUTO_DEVICE, debug: bool = False
    ) -> None:
        self.findings: list[Finding] = []
        self._place = place
        self._chosen = models
        self._device = device
        self._debug = debug
        self._broken: dict[str, str] = {}
        self._models_work = True

    def run(self) -> None:
        """Do all checks but the speed test.

        Raises:
            UsageError: If the place makes no sense.
        """
        place = self._place
        self._broken = broken_imports(list(MODULES)) | strangers()
        self._check("program", check_program)
        self._check("packages", lambda: check_packages(self._broken))
        self._check("clashes", check_clashes)
        before = len(self.findings)
        self._check("models", lambda: _models(self._chosen, place, self._device), _MODELS)
        self._models_work = all(finding.status != "failed" for finding in self.findings[before:])
        self._check("decoders", _decoders, ("av", "stream"))
        server = "Redis" if place.redis_url else "embedded server"
        self._check(server, lambda: _server(place), ("redis", "numpy", "storage"))
        self._check("processors", check_processors)
        self._check("memory", check_memory, ("psutil",))
        self._check("data folder", lambda: check_data_folder(place), ("storage",))
        self._check("model cache", check_model_cache)

    @property
    def can_measure_speed(self) -> bool:
        """Whether all that the speed test needs can be imported, and the models work on the device."""
        return self._models_work and not self._broken.keys() & set(_RUN)

    def measure_speed(self, stop: threading.Event) -> Speed | None:
        """Do the speed test; None if it was stopped or failed, which the findings tell."""
        if not self._models_work:
            # Why is in the findings already.
            self.findings.append(Finding("speed", "warning", "not measured: the models don't work"))
            return None
        speeds: list[Speed] = []
        self._check(
            "speed", lambda: _speed(self._place, self._chosen, self._device, stop, speeds.append), _RUN
        )
        return speeds[0] if speeds else None

    def _check(self, name: str, look: Callable[[], Iterable[Finding]], needs: Sequence[str] = ()) -> None:
        """Add what a check finds, or why it can't be done.

        Args:
            name: The check.
            look: Does it.
            needs: Modules without which it can't be done.
        """
        missing = [module for module in needs if module in self._broken]
        if missing:
            detail = f"not checked: needs {', '.join(missing)}, which can't be imported here"
            self.findings.append(Finding(name, "warning", detail))
            return
        try:
            for finding in look():
                self.findings.append(finding)
        except UsageError:
            raise
        except Exception as error:  # whatever is broken here, the other checks go on
            if self._debug:
                _log.error("%s: failed", name, exc_info=error)
            self.findings.append(_failure(name, error))


# Imported only when they are called, which is where all that they need can be imported.


def _models(chosen: str | None, place: Place, device: str) -> Iterable[Finding]:
    from facestream.checkup.models import check_models

    return check_models(chosen, place.data_dir, device)


def _decoders() -> Iterable[Finding]:
    from facestream.checkup.decoders import check_decoders

    return check_decoders()


def _server(place: Place) -> Iterable[Finding]:
    from facestream.checkup.server import check_server

    return check_server(place)


def _pack_address(models: str, place: Place) -> str:
    from facestream.wiring import find_parts

    return find_parts(models, place.data_dir).address


def _speed(
    place: Place, models: str | None, device: str, stop: threading.Event, keep: Callable[[Speed], None]
) -> Iterable[Finding]:
    from facestream.checkup.speed import measure_speed
    from storage.datafolder import default_data_dir
    from storage.errors import ServerStartError

    try:
        # The test has a data folder of its own, without the packs of this one.
        address = _pack_address(models or DEFAULT_MODELS, place)
        speed = measure_speed((place.data_dir or default_data_dir()) / "demo", stop, device, address)
    except ServerStartError as error:
        # Where people are on a server of one's own, nothing else needs the embedded one.
        return [Finding("speed", "warning" if place.redis_url else "failed", f"not measured: {error}")]
    if speed is None:
        return [Finding("speed", "warning", "not measured: interrupted")]
    keep(speed)
    return [speed.finding()]


def _failure(name: str, error: Exception) -> Finding:
    if type(error).__module__ in _OUR_ERRORS:
        return Finding(name, "failed", str(error))
    return Finding(
        name, "failed", f"{type(error).__name__}: {error}", "facestream doctor --debug shows where."
    )
