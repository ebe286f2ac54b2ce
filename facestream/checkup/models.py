"""Model packs, and what they run on."""

from __future__ import annotations

import time
from collections.abc import Iterator

from facestream.checkup.finding import Finding
from facestream.run_report import RunOptions
from facestream.settings import AUTO_DEVICE, model_cache
from facestream.wiring import make_device, make_pack
from workers.errors import DeviceError, ModelError
from workers.models.build import built_folder, is_intact
from workers.models.device import CPU
from workers.models.device_choice import DeviceChoice
from workers.models.manifest import Manifest, read_manifest
from workers.models.pack import Pack, built_in_packs, find_pack
from workers.models.providers import available_providers

# Without it nothing runs unless another one is asked for.
_DEFAULT = RunOptions(paths=()).pack


def check_models(device: str = AUTO_DEVICE) -> Iterator[Finding]:
    """Load every built-in pack on a device, building what is not there yet."""
    choice = None
    try:
        choice = make_device(device)
    except DeviceError as error:
        yield Finding("device", "failed", error.cause, error.mend)
    for name in built_in_packs():
        try:
            # Where the device doesn't work, their files can be looked at all the same.
            yield from _pack_findings(name, choice)
        except ModelError as error:
            yield Finding(f"models {name}", "failed" if name == _DEFAULT else "warning", str(error))


def _pack_findings(name: str, choice: DeviceChoice | None) -> Iterator[Finding]:
    manifest = read_manifest(find_pack(name))
    before = {path: is_intact(path, manifest) for path in model_cache().glob(f"{manifest.name}-*")}
    started_s = time.monotonic()
    pack = make_pack(name, str(choice.device if choice else CPU))
    took_s = time.monotonic() - started_s
    state = "files intact"
    if manifest.build:
        found = before.get(built_folder(manifest, model_cache()))
        state = "built before, files intact" if found else "built just now"
        if found is False:
            state = "files were damaged, built anew just now"
    yield Finding(
        f"models {name}", "ok", f"{manifest.title}; {_terms(manifest)}; {state}; loaded in {took_s:.1f} s"
    )
    if name == _DEFAULT and choice is not None:
        yield _provider_finding(pack, choice)


def _terms(manifest: Manifest) -> str:
    allowed = "commercial use allowed" if manifest.licence.commercial_use else "no commercial use"
    return f"licence {manifest.licence.spdx}, {allowed}"


def _provider_finding(pack: Pack, choice: DeviceChoice) -> Finding:
    runs = pack.providers[0]
    told = f"models {pack.manifest.name} run on {runs} ({choice})"
    if choice.passed_over:
        return Finding("provider", "warning", f"{told}; {choice.passed_over.cause}", choice.passed_over.mend)
    others = [provider for provider in available_providers() if provider not in pack.providers]
    unused = f"; this ONNX Runtime also has {', '.join(others)}, which is not used" if others else ""
    return Finding("provider", "ok", f"{told}{unused}")
