"""How a script of this folder begins and ends, whoever starts it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

# What says where test data and built models are; all else would change what is measured.
_KEPT = ("FACESTREAM_TEST_DATA", "FACESTREAM_CACHE_DIR")
_INTERRUPTED = 130


def run_script(main: Callable[[], int | None]) -> NoReturn:
    """Run a script to its end.

    Settings of facestream in the environment of whoever measures count neither here nor in what is started
    from here. SIGTERM is as Ctrl-C: servers and cameras that were started end with the script.

    Args:
        main: What it does; returns the exit code, None for 0.
    """
    for name in [name for name in os.environ if name.upper().startswith("FACESTREAM_")]:
        if name not in _KEPT:
            del os.environ[name]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
