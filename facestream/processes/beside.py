"""A command that runs beside another process and ends with it.

It is `python -m facestream.processes.beside WORDS...`. The process that started it holds the other end of its
standard input and never writes there. When that end closes, its owner is gone, killed perhaps: then this one
is told to stop as by Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

LAST_S = 15.0
"""Who has not ended so long after being told to is ended."""


def end_with_starter() -> None:
    """End this process when the one that started it is no more."""
    threading.Thread(target=_wait, name="ends with its starter", daemon=True).start()


def _wait() -> None:
    while os.read(0, 4096):
        pass
    # Nobody reads any more, and what is written must not fail.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(LAST_S)
    os._exit(1)


if __name__ == "__main__":
    from facestream.__main__ import main

    end_with_starter()
    main(sys.argv[1:])
