"""What a watch is asked for, what it tells while it goes on, and what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from facestream.configuration.settings import AUTO_DEVICE

if TYPE_CHECKING:
    from facestream.people.people_tally import PeopleTally
    from facestream.watch.visits import Visit, Visits
    from storage.camera_status import CameraStatus
    from storage.identity_record import IdentityChange
    from stream.camera_url import CameraUrl


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What to watch, and how.

    Attributes:
        names: These cameras alone, or all if there are none.
        url: A camera that is stored nowhere, instead of those of the collection.
        fps: Looks per second at that one.
        min_face_px: Smallest face that counts there, px.
        pack: Name or folder of a model pack, or None for the collection's own, else the default one.
        device: What its models run on.
        for_s: How long, s; None for ever.
        clusters: Whether people are found here as well, and not by a cluster worker elsewhere alone.
        waits: Whether to wait for cameras where there are none yet.
        began: `created_at_s` of the collection that is meant; empty for whichever has the name, or none yet.
    """

    names: tuple[str, ...] = ()
    url: CameraUrl | None = field(default=None, repr=False)
    fps: float = 5.0
    min_face_px: int | None = None
    pack: str | None = None
    device: str = AUTO_DEVICE
    for_s: float | None = None
    clusters: bool = True
    waits: bool = False
    began: str = ""


@dataclass(frozen=True, slots=True)
class WatchFacts:
    """What is known of a watch when it begins.

    Attributes:
        collection: Name of the collection.
        worker: Name of this worker.
        models: Name of the model pack.
        device: What it runs on, in words.
        url: The one camera that is stored nowhere, without what could be a secret; else empty.
    """

    collection: str
    worker: str
    models: str
    device: str
    url: str = ""


@dataclass(slots=True)
class WatchReport:
    """What a watch did.

    Attributes:
        began_s: Unix time at which it began.
        seconds: How long it lasted.
        sources: Ids of the sources of its cameras.
        done: Frames looked at.
        models: Name of the model pack.
    """

    began_s: float = 0.0
    seconds: float = 0.0
    sources: frozenset[str] = frozenset()
    done: int = 0
    models: str = ""


class WatchListener(Protocol):
    """Is told how a watch goes on; from one thread, but for `note`, `leads` and `ending`."""

    def began(self, facts: WatchFacts) -> None:
        """Models are loaded, cameras are about to be opened."""
        ...

    def claimed(self, names: Sequence[str]) -> None:
        """This worker has these cameras from now on."""
        ...

    def camera_changed(self, status: CameraStatus) -> None:
        """A camera has another state than before."""
        ...

    def cameras_now(
        self, statuses: Sequence[CameraStatus], load_factor: float, tally: PeopleTally, visits: Visits
    ) -> None:
        """How all cameras are doing, some times each second.

        Args:
            statuses: Of every camera, by name.
            load_factor: Share of their rates that cameras are looked at with, in (0, 1].
            tally: Who was seen since the watch began.
            visits: Who was seen where of late.
        """
        ...

    def person(self, change: IdentityChange) -> None:
        """Something happened to somebody."""
        ...

    def visit(self, visit: Visit) -> None:
        """Somebody came to a camera where they had not been for a while."""
        ...

    def leads(self, leading: bool) -> None:
        """Whether people are found here from now on, or by another cluster worker."""
        ...

    def ending(self) -> None:
        """Somebody, or the time, ends it; what is under way is finished. From a thread of its own."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...
