"""Model packs as tables, lines and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from facestream.collection.collections_view import shown_size
from facestream.models.model_packs import ModelPack
from facestream.models.pack_changes import Change
from facestream.output import shortened
from workers.models.catalogue import KnownPack
from workers.models.manifest_example import manifest_example
from workers.models.pack_check import CheckedFile

COLUMNS = ("name", "detector", "embedder", "dim", "licence", "commercial", "state")
RIGHT = frozenset({"dim"})
# With names of ten letters, a line has 100 at most.
_DETECTOR, _EMBEDDER, _LICENCE = 11, 24, 19


def pack_row(pack: ModelPack) -> tuple[str, ...]:
    """Cells of a pack in the table."""
    facts = pack_json(pack)
    return (
        pack.name,
        shortened("-" if pack.state == "by hand" else facts["detector"] or "-", _DETECTOR),
        # On which data it was trained, `show` tells.
        shortened((facts["embedder"] or "-").partition(" (")[0], _EMBEDDER),
        str(facts["dimension"] or "-"),
        shortened((facts["licence"] or "-").removeprefix("LicenseRef-"), _LICENCE),
        use_in_words(facts["commercial_use"]),
        pack.state,
    )


def use_in_words(commercial_use: bool | None) -> str:
    """Whether a pack may be used in a business."""
    if commercial_use is None:
        return "unknown"
    return "yes" if commercial_use else "no"


def pack_json(pack: ModelPack) -> dict[str, Any]:
    """A pack in the list, as JSON."""
    manifest, known = pack.manifest, pack.known
    facts: dict[str, Any] = dict.fromkeys(
        ("title", "detector", "embedder", "dimension", "licence", "commercial_use")
    )
    if manifest is not None:
        facts |= {
            "title": manifest.title,
            "detector": manifest.detector.decoding,
            "embedder": manifest.embedder.file.removesuffix(".onnx"),
            "dimension": manifest.embedder.dimension,
            "licence": manifest.licence.title,
            "commercial_use": manifest.licence.commercial_use,
        }
    if known is not None and (manifest is None or known.pullable):
        facts |= {"title": known.title, "detector": known.detector, "embedder": known.embedder}
        if manifest is None:
            facts |= {
                "dimension": known.dimension,
                "licence": known.licence.spdx,
                "commercial_use": known.licence.commercial_use,
            }
    return {
        "name": pack.name,
        "state": pack.state,
        "usable": manifest is not None and not pack.problem,
        "folder": str(pack.folder) if pack.folder else None,
        **facts,
        "problem": pack.problem or None,
    }


def pack_details(pack: ModelPack) -> dict[str, Any]:
    """All there is to say of a pack, as JSON."""
    details = pack_json(pack)
    details["licence_text"] = licence_text(pack)
    details["origin"] = pack.manifest.licence.origin if pack.manifest else pack.known and pack.known.origin
    details["homepage"] = pack.known.homepage if pack.known else None
    details["download"] = download_json(pack.known) if pack.known and pack.known.pullable else None
    details["by_hand"] = pack.known.by_hand or None if pack.known else None
    details["manifest_example"] = manifest_example(pack.known) if pack.known else None
    details["manifest"] = (
        pack.manifest.model_dump(mode="json", by_alias=True, exclude_none=True) if pack.manifest else None
    )
    return details


def download_json(known: KnownPack) -> dict[str, Any]:
    """What is downloaded for a pack, as JSON."""
    files = [
        {"name": file.name, "bytes": file.size_bytes, "sha256": file.sha256, "urls": list(file.urls)}
        for file in known.sources
    ]
    return {"bytes": known.size_bytes, "files": files}


def licence_text(pack: ModelPack) -> str | None:
    """The terms in words, as far as they are known."""
    if pack.manifest is not None:
        return (pack.manifest.licence.text or "").strip() or None
    return pack.known.licence.text.strip() if pack.known else None


def detail_lines(pack: ModelPack) -> list[tuple[str, str]]:
    """All there is to say of a pack, line by line."""
    facts = pack_json(pack)
    manifest, known = pack.manifest, pack.known
    lines = [
        ("name", pack.name),
        ("title", facts["title"] or "-"),
        ("state", pack.state + (f" ({pack.folder})" if pack.folder else "")),
        ("detector", facts["detector"] or "-"),
        ("embedder", facts["embedder"] or "-"),
        ("dimension", str(facts["dimension"] or "-")),
        ("licence", facts["licence"] or "-"),
        ("commercial", use_in_words(facts["commercial_use"])),
        ("origin", manifest.licence.origin if manifest else known.origin if known else "-"),
    ]
    if known is not None:
        lines.append(("homepage", known.homepage))
    if pack.problem:
        lines.append(("problem", pack.problem))
    if manifest is not None:
        lines += [
            ("model id", manifest.model_id),
            ("input", f"{manifest.embedder.input_px} px, {manifest.embedder.colours}"),
            ("founder", f"{manifest.quality.founder_px:g} px: smallest face that founds a person"),
        ]
        thresholds = manifest.thresholds
        if thresholds is None:
            lines.append(("thresholds", "none measured: facestream calibrate measures them"))
        else:
            lines += [
                ("strangers", f"1 in 100 pairs at least {thresholds.far_1e2:g} alike"),
                ("", f"1 in 1,000 at least {thresholds.far_1e3:g}"),
                ("", f"1 in 10,000 at least {thresholds.far_1e4:g}"),
                ("measured on", thresholds.measured_on),
            ]
        lines += [("assumed", sentence) for sentence in manifest.assumed]
        lines += [("file", f"{name}  sha256 {digest}") for name, digest in manifest.sha256.items()]
        lines += [("file", f"{step.file}  built from {step.package}") for step in manifest.build]
    elif known is not None and known.pullable:
        lines += [("download", source_line(known))]
        for file in known.sources:
            lines += [("from" if k == 0 else "or", url) for k, url in enumerate(file.urls)]
            lines.append(("sha256", file.sha256 or "not published"))
    return lines


def source_line(known: KnownPack) -> str:
    """What is downloaded, in words."""
    names = ", ".join(file.name for file in known.sources)
    return f"{names}, {shown_size(known.size_bytes)}" if known.size_bytes else f"{names}, of unknown size"


def checked_json(
    name: str, folder: str, files: Sequence[CheckedFile], problem: str | None, loads: bool | None
) -> dict[str, Any]:
    """Checked files of a pack, and whether its models load, as JSON."""
    return {
        "name": name,
        "folder": folder,
        "ok": problem is None and all(file.is_good for file in files),
        "problem": problem,
        "loads": loads,
        "files": [{"name": file.name, "state": file.state, "sha256": file.sha256} for file in files],
    }


def change_json(change: Change) -> dict[str, Any]:
    """What was pulled or added, as JSON."""
    return {
        "changed": change.changed,
        "sources": list(change.sources),
        "checksums_seen": dict(change.seen),
        "left_out": list(change.left_out),
        "pack": pack_json(change.pack),
    }
