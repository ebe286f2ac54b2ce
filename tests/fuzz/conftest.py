"""Tests of what anybody may send, with whatever comes to Hypothesis' mind.

A few examples each in the suite; a long run takes FUZZ_EXAMPLES=20000 of each.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Examples of records, and the command line in this process, are those of the tests beside.
sys.path += [str(Path(__file__).parent.parent / name) for name in ("storage", "facestream", "stream")]
