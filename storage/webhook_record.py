"""Webhooks as they are stored."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Self

from storage.errors import RecordError
from storage.fields import Fields, Raw, count, flag, number, optional_number, text
from storage.identity_record import ChangeKind, is_identity_id
from storage.keys import check_camera_name

LONGEST_COOLDOWN_S = 7 * 86400.0
"""Longest time for which a webhook can be silent about a person."""

MOST_PEOPLE = 1000
"""People that one webhook can name."""

MOST_CAMERAS = 1000
"""Cameras that one webhook can name."""

CAMERA_KIND = "camera"
"""What is told of cameras that go down and come back: no event, and only for who asks for it."""

WEBHOOK_KINDS = (*ChangeKind, CAMERA_KIND)
"""Kinds that a webhook can ask for."""

_SEEN = frozenset({ChangeKind.CREATED, ChangeKind.ASSIGNED})
_OF_CAMERAS = _SEEN | {ChangeKind.SPLIT, CAMERA_KIND}
_ID = re.compile(r"w[0-9a-f]{12}")


def new_webhook_id() -> str:
    """An id that no other webhook has."""
    return f"w{secrets.token_hex(6)}"


def is_webhook_id(written: str) -> bool:
    """Whether a text can be the id of a webhook."""
    return _ID.fullmatch(written) is not None


@dataclass(frozen=True, slots=True)
class WebhookRecord:
    """One webhook: where it is sent to, and what of.

    Attributes:
        webhook_id: "w" and 12 hexadecimal digits.
        sealed_url: Its URL, sealed for `webhook_context`.
        shown_url: The URL without what could be a secret.
        sealed_secret: What deliveries are signed with, sealed likewise.
        people: Ids of people; None for everybody, none at all where all of them were forgotten since.
        kinds: Kinds of events; empty for all.
        unknown_only: Whether only sightings of people without a name are sent, who aren't ignored.
        cooldown_s: For so long, no other sighting of the same person is sent.
        created_at_s: Unix time.
        cameras: Names of cameras; empty for all, and for files.
        live_only: Whether only sightings by cameras are sent that are of now.

    Raises:
        ValueError: If a value is out of its range.
    """

    webhook_id: str
    sealed_url: str = field(repr=False)
    shown_url: str
    sealed_secret: str = field(repr=False)
    people: tuple[str, ...] | None = None
    kinds: tuple[str, ...] = ()
    unknown_only: bool = False
    cooldown_s: float = 0.0
    created_at_s: float = 0.0
    cameras: tuple[str, ...] = ()
    live_only: bool = False

    def __post_init__(self) -> None:
        """Refuse what no webhook can have."""
        if not is_webhook_id(self.webhook_id):
            raise ValueError(f"{self.webhook_id[:40]!r} is no id of a webhook")
        for identity_id in self.people or ():
            if not is_identity_id(identity_id):
                raise ValueError(f"{identity_id[:40]!r} is no id of a person: they look like p12")
        if len(self.people or ()) > MOST_PEOPLE:
            raise ValueError(f"there are {len(self.people or ())} people; at most {MOST_PEOPLE} are allowed")
        for kind in self.kinds:
            if kind not in WEBHOOK_KINDS:
                raise ValueError(
                    f"there is no kind of event {kind[:40]!r}: there are {', '.join(WEBHOOK_KINDS)}"
                )
        self._check_places()
        if not 0 <= self.cooldown_s <= LONGEST_COOLDOWN_S:
            raise ValueError(f"cooldown_s is {self.cooldown_s:g}; it is 0 to {LONGEST_COOLDOWN_S:g}")

    def _check_places(self) -> None:
        if len(self.cameras) > MOST_CAMERAS:
            raise ValueError(f"there are {len(self.cameras)} cameras; at most {MOST_CAMERAS} are allowed")
        for name in self.cameras:
            check_camera_name(name)
        if CAMERA_KIND in self.kinds and (self.people is not None or self.unknown_only):
            raise ValueError(
                f"the kind {CAMERA_KIND} is about nobody, and this webhook is about some people alone. Give "
                "cameras a webhook of their own"
            )
        # What could never be sent is a mistake that nobody would notice.
        for what, sent in (("live", self.live_only and _SEEN), ("camera", self.cameras and _OF_CAMERAS)):
            if sent and self.kinds and not sent.intersection(self.kinds):
                raise ValueError(
                    f"of {what} events there are the kinds {', '.join(sorted(sent))}, and never "
                    f"{', '.join(self.kinds)}"
                )

    def encode(self) -> Fields:
        """Fields of the hash."""
        return {
            "webhook_id": self.webhook_id,
            "sealed_url": self.sealed_url,
            "shown_url": self.shown_url,
            "sealed_secret": self.sealed_secret,
            "people": json.dumps(self.people),
            "kinds": " ".join(self.kinds),
            "unknown_only": int(self.unknown_only),
            "cooldown_s": repr(float(self.cooldown_s)),
            "created_at_s": f"{self.created_at_s:.3f}",
            "cameras": " ".join(self.cameras),
            "live_only": int(self.live_only),
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        try:
            people = json.loads(text(raw, "people"))
            if people is not None and not (
                isinstance(people, list) and all(isinstance(one, str) for one in people)
            ):
                raise RecordError("field 'people' is no list of ids", field="people")
            return cls(
                webhook_id=text(raw, "webhook_id"),
                sealed_url=text(raw, "sealed_url"),
                shown_url=text(raw, "shown_url"),
                sealed_secret=text(raw, "sealed_secret"),
                people=None if people is None else tuple(people),
                kinds=tuple(text(raw, "kinds").split()),
                unknown_only=flag(raw, "unknown_only"),
                cooldown_s=number(raw, "cooldown_s"),
                created_at_s=number(raw, "created_at_s"),
                cameras=tuple(text(raw, "cameras", "").split()),
                live_only=flag(raw, "live_only", "0"),
            )
        except (ValueError, RecursionError) as error:
            raise RecordError(f"a setting is out of its range: {error}", field="") from error


@dataclass(frozen=True, slots=True)
class WebhookState:
    """How far a webhook is.

    Attributes:
        cursor: Id of the entry of `changes` up to which all is delivered, or needs not be.
        delivered: Events that the receiver has taken.
        failed: Events that were given up.
        last_status: HTTP status of the last try, or None where there was no answer.
        last_error: What went wrong at the last try, without secrets; empty if nothing did.
        last_at_s: Unix time of the last try, or None before the first.
        failing_since_s: Unix time since when every try has failed; None if the last one did not.
    """

    cursor: str
    delivered: int = 0
    failed: int = 0
    last_status: int | None = None
    last_error: str = ""
    last_at_s: float | None = None
    failing_since_s: float | None = None

    def encode(self) -> Fields:
        """Fields of the hash."""
        return {
            "cursor": self.cursor,
            "delivered": self.delivered,
            "failed": self.failed,
            "last_status": "" if self.last_status is None else self.last_status,
            "last_error": self.last_error,
            "last_at_s": "" if self.last_at_s is None else f"{self.last_at_s:.3f}",
            "failing_since_s": "" if self.failing_since_s is None else f"{self.failing_since_s:.3f}",
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        status = optional_number(raw, "last_status")
        return cls(
            cursor=text(raw, "cursor"),
            delivered=count(raw, "delivered", "0"),
            failed=count(raw, "failed", "0"),
            last_status=None if status is None else int(status),
            last_error=text(raw, "last_error", ""),
            last_at_s=optional_number(raw, "last_at_s"),
            failing_since_s=optional_number(raw, "failing_since_s"),
        )


def webhook_context(collection: str, webhook_id: str, *, secret: bool = False) -> str:
    """What a URL is sealed for, so that it opens for no other webhook.

    Args:
        collection: Name of the collection.
        webhook_id: The webhook.
        secret: Whether it is what deliveries are signed with.
    """
    return f"webhook {webhook_id} of collection {collection}{' (secret)' if secret else ''}"
