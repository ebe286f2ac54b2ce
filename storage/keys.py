"""Every key name.

All keys of a collection share a hash tag, so that one step can touch them on Redis Cluster.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SCHEMA = 1

TOKEN_PREFIX = "fst_"  # noqa: S105 - by which one is known where it doesn't belong
"""What tokens of the HTTP API begin with."""

_PASSING = ("status", "lease", "view", "viewers", "frames", "frames-told", "reader", "reader-lease")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_camera_name(name: str) -> None:
    """Refuse names of cameras that could not stand in a key or a file name.

    Raises:
        ValueError: If it is one. The text holds no part of what looks like a URL, which may have a password.
    """
    if not _NAME.fullmatch(name):
        # A URL in the wrong place is not repeated: there may be a password in it.
        is_url = ":" in name or "@" in name
        shown = "like a URL" if is_url else f"{name[:64]!r}{'...' if len(name) > 64 else ''}"
        raise ValueError(
            f"a camera can't be called {shown}: names have 1 to 64 letters (a to z), digits, dots, dashes or "
            "underscores, the first a letter or digit"
        )


def check_token_name(name: str) -> None:
    """Refuse names of tokens that are no names; a token in their place is not repeated.

    Raises:
        ValueError: If it is one.
    """
    if name.startswith(TOKEN_PREFIX):
        raise ValueError("that is a token, or begins like one; its name is wanted")
    if not _NAME.fullmatch(name):
        raise ValueError(
            "a token's name has 1 to 64 letters (a to z), digits, dots, dashes or underscores, the first a "
            "letter or digit"
        )


def wanted_of(lease_key: str) -> str:
    """The key that says that somebody wants a lease."""
    return f"{lease_key}:wanted"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one collection.

    Attributes:
        collection: 1 to 64 letters, digits, dots, dashes and underscores; a letter or digit first.
    """

    collection: str

    def __post_init__(self) -> None:
        """Refuse names that could not stand in a key."""
        if not self.allow(self.collection):
            raise ValueError(
                f"collection {self.collection!r} must be 1 to 64 letters, digits, dots, dashes or "
                "underscores, the first a letter or digit"
            )

    @staticmethod
    def allow(collection: str) -> bool:
        """Whether a collection may have this name."""
        return _NAME.fullmatch(collection) is not None

    def _key(self, *parts: str) -> str:
        return ":".join((f"fs:{{{self.collection}}}", *parts))

    @property
    def meta(self) -> str:
        """Hash: facts of the collection: schema, model_id, pack and the like."""
        return self._key("meta")

    @property
    def leader(self) -> str:
        """String with an expiry: token of the cluster worker in charge."""
        return self._key("leader")

    @property
    def leader_wanted(self) -> str:
        """String with an expiry: somebody wants `leader` for a while, and cluster workers give way."""
        return wanted_of(self.leader)

    @property
    def steps(self) -> str:
        """String: how many steps cluster workers have committed."""
        return self._key("steps")

    @property
    def sources(self) -> str:
        """Set of source ids."""
        return self._key("sources")

    def source(self, source_id: str) -> str:
        """Hash: one video, photo or camera."""
        return self._key("source", source_id)

    def source_tracks(self, source_id: str) -> str:
        """Set of the track ids of a source."""
        return self._key("source", source_id, "tracks")

    @property
    def tracks(self) -> str:
        """Set of all track ids."""
        return self._key("tracks")

    def track(self, track_id: str) -> str:
        """Hash: one face followed through one shot."""
        return self._key("track", track_id)

    def sample(self, sample_id: str) -> str:
        """Hash: one embedded face, with vector and crop."""
        return self._key("sample", sample_id)

    @property
    def templates(self) -> str:
        """Hash: what a search compares of each track, by track id."""
        return self._key("templates")

    @property
    def assignments(self) -> str:
        """Hash: person of each track that has one, by track id."""
        return self._key("assignments")

    @property
    def provisional(self) -> str:
        """Set of the ids of tracks whose person nobody has confirmed yet."""
        return self._key("provisional")

    @property
    def identities(self) -> str:
        """Sorted set of the people there are, by number."""
        return self._key("identities")

    @property
    def people(self) -> str:
        """Hash: everything but the name of each person there is, as JSON; an overview in one read."""
        return self._key("people")

    @property
    def names(self) -> str:
        """Hash: name of each person who has one."""
        return self._key("names")

    @property
    def ignored(self) -> str:
        """Set of the ids of people whom lists leave out."""
        return self._key("ignored")

    @property
    def decisions(self) -> str:
        """Hash: what people decided, as JSON, by number."""
        return self._key("decisions")

    @property
    def next_identity(self) -> str:
        """Counter: number of the newest identity; never goes down."""
        return self._key("next_identity")

    def identity(self, identity_id: str) -> str:
        """Hash: one person, or where a merged one went."""
        return self._key("identity", identity_id)

    def identity_tracks(self, identity_id: str) -> str:
        """Set of the track ids of a person."""
        return self._key("identity", identity_id, "tracks")

    def identity_sightings(self, identity_id: str) -> str:
        """Sorted set `source_id|start_s|end_s` by start."""
        return self._key("identity", identity_id, "sightings")

    @property
    def reembed(self) -> str:
        """Hash: the models that faces are being recomputed with."""
        return self._key("reembed")

    @property
    def reembed_vectors(self) -> str:
        """Hash: what they give for each face, by sample id, until it takes the place of the old vector."""
        return self._key("reembed", "vectors")

    @property
    def samples(self) -> str:
        """Stream: what face workers found and the cluster worker has not taken in yet."""
        return self._key("samples")

    @property
    def dead(self) -> str:
        """Stream: entries of `samples` that could not be read, with the reason."""
        return self._key("dead")

    @property
    def faces(self) -> str:
        """Stream, capped: every face of every sampled frame, if asked for."""
        return self._key("faces")

    @property
    def changes(self) -> str:
        """Stream, capped: what happened to identities."""
        return self._key("changes")

    @property
    def reclusters(self) -> str:
        """Stream, capped: what each re-cluster did."""
        return self._key("reclusters")

    @property
    def retention(self) -> str:
        """Hash: how long what was found is kept."""
        return self._key("retention")

    @property
    def erasures(self) -> str:
        """Stream, capped: that something was erased, without whom."""
        return self._key("erasures")

    @property
    def kept_out(self) -> str:
        """Hash: templates of people who were forgotten and are not to be taken in anew, by their ids."""
        return self._key("kept_out")

    @property
    def cameras(self) -> str:
        """Set of the names of all cameras."""
        return self._key("cameras")

    def camera(self, name: str) -> str:
        """Hash: one camera and how it is looked at."""
        return self._key("camera", name)

    def camera_status(self, name: str) -> str:
        """Hash with an expiry: how a camera is doing."""
        return self._key("camera", name, "status")

    def camera_lease(self, name: str) -> str:
        """String with an expiry: token of the worker that has a camera."""
        return self._key("camera", name, "lease")

    def camera_view(self, name: str) -> str:
        """Hash with an expiry: the latest picture of a camera that somebody looks at live."""
        return self._key("camera", name, "view")

    def camera_viewers(self, name: str) -> str:
        """String with an expiry: there while somebody looks at a camera live."""
        return self._key("camera", name, "viewers")

    def camera_frames(self, name: str) -> str:
        """Stream, capped, with an expiry: frames of a camera that a reader sends to workers."""
        return self._key("camera", name, "frames")

    def camera_frames_told(self, name: str) -> str:
        """String with an expiry: media time up to which what was seen in those frames is stored."""
        return self._key("camera", name, "frames-told")

    def camera_reader(self, name: str) -> str:
        """Hash with an expiry: how a camera is doing where it is read and its frames are sent from."""
        return self._key("camera", name, "reader")

    def camera_reader_lease(self, name: str) -> str:
        """String with an expiry: token of the reader that sends the frames of a camera."""
        return self._key("camera", name, "reader-lease")

    @property
    def unclaimed(self) -> str:
        """Sorted set of the stored samples that no track names yet, by when they were taken in."""
        return self._key("unclaimed")

    @property
    def jobs(self) -> str:
        """Hash: videos and photos that were handed in to be processed, as JSON, by job id."""
        return self._key("jobs")

    @property
    def looking(self) -> str:
        """Hash: marks of the files that are looked at, by source id."""
        return self._key("looking")

    def looking_at(self, source_id: str) -> str:
        """String with an expiry: token of the process that looks at a file."""
        return self._key("looking", source_id)

    @property
    def workers(self) -> str:
        """Sorted set with an expiry: the camera workers by when they were last heard of."""
        return self._key("workers")

    @property
    def tokens(self) -> str:
        """Hash: tokens of the HTTP API as JSON, hashed, by name."""
        return self._key("tokens")

    @property
    def tokens_used(self) -> str:
        """Hash: when each token was last used, by name."""
        return self._key("tokens", "used")

    @property
    def sessions(self) -> str:
        """Hash: sessions of the page as JSON, by the hash of their ids."""
        return self._key("sessions")

    @property
    def webhooks(self) -> str:
        """Set of the ids of all webhooks."""
        return self._key("webhooks")

    @property
    def webhook_lease(self) -> str:
        """String with an expiry: token of the process that delivers to them."""
        return self._key("webhooks", "lease")

    def webhook(self, webhook_id: str) -> str:
        """Hash: one webhook."""
        return self._key("webhook", webhook_id)

    def webhook_state(self, webhook_id: str) -> str:
        """Hash: how far it is."""
        return self._key("webhook", webhook_id, "state")

    def webhook_told(self, webhook_id: str) -> str:
        """Sorted set of the people whose sightings it was told of, by when."""
        return self._key("webhook", webhook_id, "told")

    def webhook_outages(self, webhook_id: str) -> str:
        """Hash: the cameras that it was told are down, and since when."""
        return self._key("webhook", webhook_id, "outages")

    @property
    def probe(self) -> str:
        """Stream that is never there: whether writes are taken is asked with an entry that is not written."""
        return self._key("probe")

    def is_passing(self, key: str) -> bool:
        """Whether a key says what somebody does right now with a file or camera: claims, status, pictures."""
        if key.startswith(self.looking_at("")):
            return True
        # The name between them holds no colon, and may be one of these words.
        _, _, rest = key.removeprefix(self._key("camera", "")).partition(":")
        return key.startswith(self._key("camera", "")) and rest in _PASSING
