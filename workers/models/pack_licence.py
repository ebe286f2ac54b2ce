"""The licence of a pack without a manifest of ours."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from workers.models.catalogue import KnownPack, known_packs
from workers.models.insightface_package import package_content
from workers.models.manifest_parts import UNKNOWN, Licence

# Files of InsightFace's own packs.
_SIGNED = "MODEL.LICENSE"
# What a manifest of theirs states; many others have that name.
_STATED = {"manifest_version", "model_id", "license"}
_NON_COMMERCIAL = "InsightFace: non-commercial research only"


def licence_of(folder: Path, sums: Collection[str]) -> Licence:
    """What can be known of the licence: InsightFace's packs say it, known files are known by their checksums.

    Args:
        folder: The pack.
        sums: Checksums of its models.
    """
    if not ((folder / _SIGNED).is_file() or package_content(folder).keys() >= _STATED):
        known = _known(sums)
        if known is None:
            return Licence(spdx=UNKNOWN, commercial_use=None, origin=f"files in {folder}, of unknown origin")
        terms = known.licence
        return Licence(
            spdx=terms.spdx,
            text=terms.text.strip(),
            commercial_use=terms.commercial_use,
            origin=f"{known.origin} Known by the checksums of the files in {folder}",
        )
    # Takes seconds, as it brings all of insightface along.
    from insightface.model_zoo.model_license import inspect_model_package_license

    found = inspect_model_package_license(folder)
    if found.verified and found.commercial_use_permitted:
        text = f"InsightFace: commercial licence {found.license.license_id} for {found.model_id}"
        return Licence(text=text, commercial_use=True, origin="InsightFace")
    # A licence that is expired, of another model or can't be checked allows nothing more.
    return Licence(text=f"{_NON_COMMERCIAL}\n{found.message}", commercial_use=False, origin="InsightFace")


def _known(sums: Collection[str]) -> KnownPack | None:
    """The known pack that all of these files are of; else one that allows less and has one of them."""
    having = [(pack, {file.sha256 for file in pack.files} & set(sums)) for pack in known_packs().values()]
    whole = (pack for pack, shared in having if len(shared) == len(set(sums)))
    forbidding = (pack for pack, shared in having if shared and not pack.licence.commercial_use)
    return next(whole, None) or next(forbidding, None)
