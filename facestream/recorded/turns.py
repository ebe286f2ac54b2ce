"""Whose turn it is to look at a file, where several processes have the same ones to look at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from facestream.errors import SourceBusyError
from facestream.recorded.source_words import awaited_words
from storage.source_claims import SourceClaims

_ASK_EVERY_S = 0.5


def in_turn(
    paths: Iterable[Path],
    look: Callable[[Path], None],
    claims: SourceClaims,
    tell: Callable[[str], None],
    check: Callable[[], None],
    stop: threading.Event,
) -> None:
    """Look at videos or photos, at those last that another process is looking at.

    So processes that are given the same folder share its files, and each ends when all of them are done.

    Args:
        paths: The files.
        look: Looks at one, and raises `SourceBusyError` where it is another's.
        claims: Those of this process; all are given back before another process is waited for, and at the
            end.
        tell: Is told of each file that is waited for.
        check: Called while another process is waited for; raises if going on makes no sense.
        stop: Ends it.
    """
    later: list[tuple[Path, str]] = []
    for path in paths:
        if stop.is_set():
            return
        try:
            look(path)
        except SourceBusyError as error:
            later.append((path, error.source_id))
    for path, source_id in later:
        # Who waits has nothing that others wait for.
        claims.release_all()
        if not claims.claim(source_id):
            tell(awaited_words(path))
        while not claims.claim(source_id):
            check()
            if stop.wait(_ASK_EVERY_S):
                return
        look(path)
    claims.release_all()
