"""Which commands `facestream redis` sends: the server itself says what each of them does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facestream.errors import UsageError
from facestream.hint import command_line

if TYPE_CHECKING:
    from facestream.configuration.settings import Place
    from storage.connection import RedisHandle

# What a command has, besides these, that neither has to do with keys nor with anybody else: PING, INFO, TIME.
_HARMLESS = frozenset({"fast", "loading", "stale", "allow_busy", "sentinel", "noscript"})
# They only read, and are marked as what an administrator does.
_READS = frozenset(
    {"CLIENT LIST", "CONFIG GET", "LATENCY LATEST", "MODULE LIST", "SLOWLOG GET", "SLOWLOG LEN"}
)
# Scripts of everybody, though no keys.
_FOR_ALL = frozenset({"SCRIPT FLUSH", "SCRIPT KILL", "FUNCTION FLUSH", "FUNCTION DELETE", "FUNCTION RESTORE"})


@dataclass(frozen=True, slots=True)
class CommandFacts:
    """What the server says of a command.

    Attributes:
        name: As it is typed, such as "CONFIG SET".
        flags: Such as "readonly", "write" and "admin".
        takes_keys: Whether it is about keys that are named.
    """

    name: str
    flags: frozenset[str]
    takes_keys: bool

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        if self.name in _READS or "readonly" in self.flags:
            return True
        return self.name not in _FOR_ALL and not self.takes_keys and self.flags <= _HARMLESS

    @property
    def is_for_all(self) -> bool:
        """Whether it is about the server, or all of its keys at once."""
        if self.name in _FOR_ALL or "admin" in self.flags:
            return True
        return "write" in self.flags and not self.takes_keys


def refuse_command(handle: RedisHandle, arguments: Sequence[str], place: Place, *, write: bool) -> None:
    """Look a command up before it is sent.

    Args:
        handle: Connection to Redis.
        arguments: The command and its arguments.
        place: Where it is to be sent.
        write: Whether it may change keys.

    Raises:
        UsageError: If it isn't to be sent; with the way to do what is meant.
        CommandError: If the server doesn't say what it does.
    """
    facts = _facts_of(handle, arguments)
    # What it doesn't know, it refuses by itself.
    if facts is None or facts.reads:
        return
    if facts.is_for_all:
        raise UsageError(_way_of(facts, place, embedded=handle.embedded))
    if not write:
        raise UsageError(
            f"{facts.name} may change what is stored, and nothing was sent. Where that is meant: "
            f"`{command_line(place, 'redis', '--write')} {facts.name} …`; docs/redis.md says what "
            "others must not write."
        )


def _way_of(facts: CommandFacts, place: Place, *, embedded: bool) -> str:
    if facts.name.split()[0] in ("FLUSHALL", "FLUSHDB"):
        drop = command_line(place, "collections", "drop", "NAME", collection=False)
        return f"{facts.name} deletes every collection there, and wasn't sent. `{drop}` deletes one."
    if facts.name == "SHUTDOWN" and embedded:
        return "SHUTDOWN wasn't sent: the embedded server ends by itself as soon as nothing uses it any more."
    socket = command_line(place, "redis", "--socket", collection=False)
    own = f'`redis-cli -s "$({socket})"`' if embedded else "redis-cli with the server's address"
    return (
        f"{facts.name} is about the whole server, which others use too, and wasn't sent. Whoever looks "
        f"after that server does so with {own}."
    )


def _facts_of(handle: RedisHandle, arguments: Sequence[str]) -> CommandFacts | None:
    """What the server says of a command, and of the one within it that is meant, as of CONFIG SET."""
    name = arguments[0]
    for words in ((name, arguments[1]), (name,)) if len(arguments) > 1 else ((name,),):
        said = _said_of(handle, "|".join(words))
        if said is not None:
            flags = frozenset(_text(flag) for flag in said[2])
            return CommandFacts(" ".join(words).upper(), flags, said[3] > 0 or "movablekeys" in flags)
    return None


def _said_of(handle: RedisHandle, name: str) -> Sequence[Any] | None:
    from storage.errors import CommandError
    from storage.raw_command import run_command

    try:
        # As one word, which the client sends as two: of COMMAND it would leave out what newer servers say.
        (said,) = run_command(handle.client, ["COMMAND INFO", name])
    except CommandError as error:
        if "NOPERM" not in str(error) and "permissions" not in str(error):
            raise
        raise UsageError(
            "this user of Redis may not ask what a command does, and nothing was sent. Grant +command|info, "
            "as docs/redis.md has it, or use redis-cli."
        ) from error
    return said or None


def _text(flag: bytes | str) -> str:
    return flag.decode() if isinstance(flag, bytes) else flag
