"""The log of what people decided. It only grows; whoever is forgotten is blacked out in it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection
from dataclasses import replace

import redis

from storage.commands import commands_of
from storage.decision_record import Decision, DecisionKind, Side
from storage.errors import OvertakenError
from storage.identity_record import ChangeKind, IdentityChange
from storage.keys import Keys
from storage.people_reader import PeopleReader
from storage.stream_trimming import MOST

_TRIES = 1000
_TOKEN_BYTES = 8
_GROWN, _GONE = -1, 0
# A script, for the cluster worker may write these very people all the time: a transaction that watches them
# would never come through. What a decision is about must be checked against the whole log, so it is refused
# where the log has grown since; but not where it has grown by this very decision, which a client sends again
# after its reply was lost. No other row is the same to the byte, as each has a token.
_APPEND = """
local size = redis.call('HLEN', KEYS[1])
if tonumber(ARGV[1]) ~= size then
    local place = tonumber(ARGV[1]) + 1
    if redis.call('HGET', KEYS[1], place) == ARGV[2] then return place end
    return -1
end
for at = 6, #KEYS do
    local tracks = redis.call('HGET', KEYS[at], 'tracks')
    if not tracks or tonumber(tracks) == 0 then return 0 end
end
local number = size + 1
redis.call('HSET', KEYS[1], number, ARGV[2])
local what, person, value = ARGV[3], ARGV[4], ARGV[5]
if what == 'name' then
    redis.call('HSET', KEYS[6], 'name', value)
    if value == '' then
        redis.call('HDEL', KEYS[3], person)
    else
        redis.call('HSET', KEYS[3], person, value)
    end
    redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[6], '*', unpack(ARGV, 7))
elseif what == 'ignore' then
    redis.call('HSET', KEYS[6], 'ignored', value)
    redis.call(value == '1' and 'SADD' or 'SREM', KEYS[4], person)
elseif what == 'queue' then
    redis.call('XADD', KEYS[2], '*', 'type', 'decision', 'number', number)
end
return number
"""


class DecisionLog:
    """What people decided in one collection, in the order in which they did.

    Names and who is ignored take effect with the entry. What changes who has which track is done by the
    cluster worker, which is told of the entry in the same step.

    Args:
        client: Connection to Redis.
        keys: Keys of the collection.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = commands_of(client)
        self._reader = PeopleReader(client, keys)
        self._keys = keys

    def read(self) -> tuple[list[Decision], int]:
        """All decisions by number, and the size of the log; damaged ones are left out with a warning."""
        # The size first: an entry that comes in between is found by whoever appends.
        size = self._client.hlen(self._keys.decisions)
        return self._reader.decisions(), size

    def applied(self) -> int:
        """Number of the last decision that the cluster worker has carried out."""
        return int(self._client.hget(self._keys.meta, "decisions_applied") or 0)

    def append(self, decision: Decision, size: int, alive: Collection[str]) -> int:
        """Add a decision that the cluster worker carries out.

        Args:
            decision: What was decided.
            size: Size of the log that it was checked against.
            alive: People who must be there.

        Returns:
            Its number.

        Raises:
            OvertakenError: If the log has grown, or one of the people is no more.
        """
        return self._append(decision, size, alive, "queue")

    def append_note(self, decision: Decision, size: int) -> int:
        """Add a decision that has no effect of its own, such as the undo of a name that gave way to another.

        Raises:
            OvertakenError: If the log has grown.
        """
        return self._append(decision, size, (), "")

    def append_name(self, decision: Decision, size: int, identity_id: str, name: str) -> int:
        """Add a decision that gives a person a name, or takes it away where it is empty.

        Raises:
            OvertakenError: If the log has grown, or the person is no more.
        """
        change = IdentityChange(ChangeKind.RENAMED, identity_id, published_at_s=time.time())
        event = [str(part) for field in change.encode().items() for part in field]
        return self._append(decision, size, [identity_id], "name", identity_id, name, str(MOST), *event)

    def append_ignore(self, decision: Decision, size: int, identity_id: str, *, on: bool) -> int:
        """Add a decision that hides a person from lists, or shows them again.

        Raises:
            OvertakenError: If the log has grown, or the person is no more.
        """
        return self._append(decision, size, [identity_id], "ignore", identity_id, str(int(on)))

    def rename(self, identity_id: str, name: str) -> int | None:
        """Say what people call somebody; an empty name takes it away.

        Args:
            identity_id: A person there is.
            name: The name.

        Returns:
            Number of the decision; None where the person is no more: merged, forgotten or gone.

        Raises:
            OvertakenError: If others decide something all the time.
        """
        for _ in range(_TRIES):
            size = self._client.hlen(self._keys.decisions)
            person = self._reader.person(identity_id)
            if person is None or not person.tracks:
                return None
            decision = Decision(DecisionKind.NAME, (Side(identity_id),), name=name, name_before=person.name)
            try:
                return self.append_name(decision, size, identity_id, name)
            except OvertakenError:
                continue
        raise _overtaken(self._keys)

    def _append(self, decision: Decision, size: int, alive: Collection[str], *effect: str) -> int:
        keys = self._keys
        names = (keys.decisions, keys.samples, keys.names, keys.ignored, keys.changes)
        people = [keys.identity(identity_id) for identity_id in alive]
        told = replace(decision, made_at_s=time.time(), token=secrets.token_hex(_TOKEN_BYTES))
        row = told.encode().decode()
        reply = self._client.eval(_APPEND, len(names) + len(people), *names, *people, str(size), row, *effect)
        assert isinstance(reply, int)
        if reply in (_GROWN, _GONE):
            raise _overtaken(keys)
        return reply


def _overtaken(keys: Keys) -> OvertakenError:
    return OvertakenError(
        f"{keys.decisions}: somebody else decided something about the same people at this very moment. Run "
        "the command again."
    )
