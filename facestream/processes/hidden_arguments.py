"""Passwords of the command line, taken out of the list of processes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

# Positions in /proc/self/stat behind the name of the program, see proc_pid_stat(5): fields 48 and 49.
_ARG_START, _ARG_END = 45, 46


def may_hold_secrets(words: Sequence[str]) -> bool:
    """Whether any word could be, or hold, a URL or a login."""
    return any("://" in word or "@" in word for word in words)


def hide_arguments() -> None:
    """Overwrite URLs among the arguments of this process where `ps` and /proc read them; on Linux alone.

    What Python was given is not changed. Between the start of the process and this call, they can be read.
    """
    if sys.platform != "linux":
        return
    import ctypes

    # Where the kernel tells nothing, as some sandboxes do, all stays as it is.
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        start, end = int(fields[_ARG_START]), int(fields[_ARG_END])
        if not 0 < start < end:
            return
        shown = ctypes.string_at(start, end - start)
        ctypes.memmove(start, masked(shown), end - start)


def masked(arguments: bytes) -> bytes:
    """The arguments with asterisks for what may be secret, and so as long as before.

    Args:
        arguments: Each with a NUL behind it.
    """
    return b"\0".join(map(_masked_word, arguments.split(b"\0")))


def _masked_word(word: bytes) -> bytes:
    """A word without all of its URL: a password may stand before an @, in the path or in the query."""
    # By hand: an expression for this takes for ever on some long words.
    head, mark, rest = word.partition(b"://")
    if mark:
        return head + mark + b"*" * len(rest)
    before, at, _ = word.rpartition(b"@")
    if not (at and b":" in before):
        return word
    # What has the form of a login, behind the name of an option or not.
    name, equals, value = word.partition(b"=")
    if equals and not {*b":@"} & {*name}:
        return name + equals + b"*" * len(value)
    return b"*" * len(word)
