from __future__ import annotations

from hypothesis import settings

# Times of single examples say nothing on a machine that does other work as well.
settings.register_profile("facestream", deadline=None)
settings.load_profile("facestream")
