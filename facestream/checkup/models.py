"""Model packs, and what they run on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from facestream.checkup.finding import Finding
from facestream.configuration.settings import AUTO_DEVICE, DEFAULT_MODELS, model_cache
from facestream.models.terms import terms
from facestream.wiring import make_device, make_manifest, make_pack
from workers.errors import DeviceError, ManifestError, ModelError
from workers.models.build import built_folder, is_intact
from workers.models.device import CPU
from workers.models.device_choice import DeviceChoice
from workers.models.float16 import half_parts
from workers.models.pack import Pack, built_in_packs
from workers.models.providers import available_providers


def check_models(
    chosen: str | None = None, data_dir: Path | None = None, device: str = AUTO_DEVICE
) -> Iterator[Finding]:
    """Load the default pack on a device, building what is not there yet.

    Args:
        chosen: Name or folder of a pack that is loaded as well.
        data_dir: Data folder with the models folder; default: the setting `data_dir`, or the user's folder.
        device: What models are to run on.
    """
    choice = None
    try:
        choice = make_device(device)
    except DeviceError as error:
        yield Finding("device", "failed", error.cause, error.mend)
    for name in dict.fromkeys((DEFAULT_MODELS, chosen or DEFAULT_MODELS)):
        try:
            # Where the device doesn't work, their files can be looked at all the same.
            yield from _pack_findings(name, chosen, data_dir, choice)
        except ModelError as error:
            mend = error.mend or ("" if name in built_in_packs() else _mend(error))
            yield Finding(f"models {name}", "failed", error.cause, mend)


def _mend(error: ModelError) -> str:
    """What helps with a pack of somebody's own, where its error doesn't say it apart."""
    if isinstance(error, ManifestError) and error.path.is_file():
        return f"Correct {error.path}; docs/models.md has its keys. Or choose another pack: --models NAME"
    return "Put the right files there, or choose another pack: `facestream models` lists them."


def _pack_findings(
    name: str, chosen: str | None, data_dir: Path | None, choice: DeviceChoice | None
) -> Iterator[Finding]:
    manifest = make_manifest(name, data_dir)
    before = {path: is_intact(path, manifest) for path in model_cache().glob(f"{manifest.name}-*")}
    started_s = time.monotonic()
    pack = make_pack(name, data_dir, str(choice.device if choice else CPU))
    took_s = time.monotonic() - started_s
    licence, state = manifest.licence, "files intact"
    if manifest.build:
        found = before.get(built_folder(manifest, model_cache()))
        state = "built before, files intact" if found else "built just now"
        if found is False:
            state = "files were damaged, built anew just now"
    said = "".join(f"\n{sentence}" for sentence in manifest.assumed)
    yield Finding(
        f"models {manifest.name}",
        "ok",
        f"{manifest.title}; {terms(licence.title, licence.commercial_use)}; {state}; "
        f"loaded in {took_s:.1f} s{said}",
    )
    if name == (chosen or DEFAULT_MODELS) and choice is not None:
        yield _provider_finding(pack, choice)


def _provider_finding(pack: Pack, choice: DeviceChoice) -> Finding:
    runs = pack.providers[0]
    half = " and ".join(half_parts(pack.manifest, pack.device))
    precision = f", {half} in float16" if half else ""
    told = f"models {pack.manifest.name} run on {runs} ({choice}){precision}"
    if choice.passed_over:
        return Finding("provider", "warning", f"{told}; {choice.passed_over.cause}", choice.passed_over.mend)
    others = [provider for provider in available_providers() if provider not in pack.providers]
    unused = f"; this ONNX Runtime also has {', '.join(others)}, which is not used" if others else ""
    return Finding("provider", "ok", f"{told}{unused}")
