"""Draw the pictures of docs/clustering.md: `python docs/clustering_pictures.py`.

They are what `facestream cluster --plot` writes for the album of examples/make_album.py, made smaller.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

_ROOT = Path(__file__).resolve().parents[1]
_IMAGES = _ROOT / "docs" / "images"
_WIDTH_PX = 1050
_COLOURS = 96
_PICTURES = {
    "average": ("-a", "agglomerative"),
    "single": ("-a", "agglomerative", "--linkage", "single"),
    "ward": ("-a", "agglomerative", "--linkage", "ward"),
    "dbscan": ("-a", "dbscan"),
    "hdbscan": ("-a", "hdbscan"),
    "kmeans": ("-a", "kmeans"),
    "kmedoids": ("-a", "kmedoids"),
}


def main() -> None:
    """Draw them all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        album = folder / "album"
        subprocess.run([sys.executable, str(_ROOT / "examples" / "make_album.py"), str(album)], check=True)
        for picture, options in _PICTURES.items():
            drawn = folder / f"{picture}.png"
            words = [
                "cluster",
                str(album),
                *options,
                "-q",
                "-o",
                str(folder / "labels.csv"),
                "--plot",
                str(drawn),
            ]
            subprocess.run([sys.executable, "-m", "facestream", *words], check=True)
            with Image.open(drawn) as image:
                height_px = image.height * _WIDTH_PX // image.width
                small = image.convert("RGB").resize((_WIDTH_PX, height_px), Image.Resampling.LANCZOS)
            small.quantize(_COLOURS).save(_IMAGES / f"cluster-{picture}.png", optimize=True)


if __name__ == "__main__":
    main()
