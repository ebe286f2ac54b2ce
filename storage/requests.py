"""What the cluster worker is asked to do, beside taking in what was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from storage.errors import RecordError
from storage.fields import Fields, Raw, count, flag, number, text


@dataclass(frozen=True, slots=True)
class ReclusterRequest:
    """Asks for a re-cluster of everything that was sent before it.

    Attributes:
        reason: Why, for the log.
        source_id: A source of which something new is known, such as its date: all its people are described
            anew. Empty for none.
    """

    reason: str
    source_id: str = ""

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        return {"reason": self.reason, "source_id": self.source_id}

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If a field is malformed.
        """
        return cls(reason=text(raw, "reason", ""), source_id=text(raw, "source_id", ""))


@dataclass(frozen=True, slots=True)
class ForgetRequest:
    """Asks to delete every trace of a person.

    Attributes:
        identity_id: Who; whoever they were merged into by then. Of somebody who was forgotten before, the
            templates that were kept go as well.
        ignore_return: Whether a few templates are kept, so that they are not taken in anew. Of somebody who
            was forgotten before, nothing changes then.
        exactly: Whether nothing is to be done where they have become part of somebody else by then.
    """

    identity_id: str
    ignore_return: bool = False
    exactly: bool = False

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        return {
            "identity_id": self.identity_id,
            "ignore_return": int(self.ignore_return),
            "exactly": int(self.exactly),
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If a field is missing or malformed.
        """
        return cls(text(raw, "identity_id"), flag(raw, "ignore_return", "0"), flag(raw, "exactly", "0"))


class Extent(StrEnum):
    """What is to be erased.

    Attributes:
        ALL: Everything that was seen.
        BEFORE: What was seen before a moment.
        SOURCE: What was seen in some sources.
        RETENTION: What is older than the collection keeps it.
    """

    ALL = "all"
    BEFORE = "before"
    SOURCE = "source"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class EraseRequest:
    """Asks to delete every trace of what was seen, as far as it says.

    Attributes:
        extent: What of it.
        before_s: Unix time, for `Extent.BEFORE`.
        source_ids: The sources, for `Extent.SOURCE`.
    """

    extent: Extent
    before_s: float = 0.0
    source_ids: tuple[str, ...] = ()

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        return {
            "extent": self.extent,
            "before_s": repr(float(self.before_s)),
            "source_id": " ".join(self.source_ids),
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If a field is missing or malformed.
        """
        extent = text(raw, "extent")
        if extent not in [*Extent]:
            raise RecordError(f"field 'extent' is {extent[:40]!r}", field="extent")
        return cls(Extent(extent), number(raw, "before_s", "0"), tuple(text(raw, "source_id", "").split()))


@dataclass(frozen=True, slots=True)
class LookAgainRequest:
    """Says that a source is looked at anew, so that who was forgotten in it may be found again.

    Attributes:
        source_id: The source.
        whole: Whether all of it is looked at, and not a stretch alone: it counts as not done until it is.
    """

    source_id: str
    whole: bool = False

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        return {"source_id": self.source_id, "whole": int(self.whole)}

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed.
        """
        return cls(source_id=text(raw, "source_id"), whole=flag(raw, "whole", "0"))


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """Asks to carry out what people decided.

    Attributes:
        number: Number of the decision in the log; those before it are carried out first.
    """

    number: int

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        return {"number": self.number}

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the field back.

        Raises:
            RecordError: If the field is missing or malformed.
        """
        return cls(number=count(raw, "number"))


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """Asks to take in an entry of the dead-letter stream after all.

    The entry stays there until that has had its effect: asked for twice, it is found once.

    Attributes:
        dead_id: Id of the entry.
    """

    dead_id: str

    def encode(self) -> Fields:
        """Fields of the stream entry."""
        return {"dead_id": self.dead_id}

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the field back.

        Raises:
            RecordError: If the field is missing or malformed.
        """
        return cls(dead_id=text(raw, "dead_id"))


Request = ReclusterRequest | ForgetRequest | EraseRequest | LookAgainRequest | DecisionRequest | RetryRequest
