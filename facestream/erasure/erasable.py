"""An open collection of which parts can be erased: by age, moment or source, or all that was seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facestream.errors import UsageError
from facestream.people.followed_faces import FollowedFaces

if TYPE_CHECKING:
    from facestream.erasure.erasing import Erased, Tell
    from facestream.erasure.retention import Expected
    from storage.requests import EraseRequest
    from storage.retention_policy import RetentionPolicy


@dataclass(slots=True, eq=False)
class ErasableCollection(FollowedFaces):
    """An open collection of which parts can be erased."""

    def retention(self) -> RetentionPolicy:
        """How long what was found is kept."""
        with self._errors():
            return self._identities.retention()

    def keep_retention(self, policy: RetentionPolicy) -> None:
        """Say how long what was found is kept from now on; what the policy leaves open stays as it was."""
        with self._errors():
            self._identities.keep_retention(policy)

    def expected_erasure(
        self,
        extent: str,
        *,
        before: float | None = None,
        source: str | Sequence[str] | None = None,
        policy: RetentionPolicy | None = None,
    ) -> Expected:
        """What `erase` would delete now; nothing is changed.

        Args:
            extent: As for `erase`.
            before: As for `erase`.
            source: As for `erase`.
            policy: For "retention": how long is kept what; default: what the collection says.

        Raises:
            NotFoundError: If there is no such source.
            UsageError: If it is not said what is meant, or several sources are.
        """
        from facestream.erasure.retention import expected

        with self._errors():
            return expected(self._identities, self._request(extent, before, source), policy)

    def erase(
        self,
        extent: str,
        *,
        before: float | None = None,
        source: str | Sequence[str] | None = None,
        models: str | None = None,
        tell: Tell | None = None,
    ) -> Erased:
        """Delete every trace of what was seen, and of people of whom nothing else was.

        It waits until that is done, and goes on after a kill: with the same call, or as soon as anybody finds
        people in the collection.

        Args:
            extent: "all"; "before" a moment; "source": what was seen in one, or in several;
                "retention": what is over age.
            before: The moment, unix time. What has no date counts from when it was taken in.
            source: Id, path or name of the source; or those of several.
            models: Model pack; default: the collection's own.
            tell: Is called with the number of tracks erased so far.

        Raises:
            NotFoundError: If there is no such source.
            UsageError: If it is not said what is meant, or several sources are.
            WorkerError: If the cluster worker fails.
        """
        from facestream.erasure.erasing import erase

        with self._errors():
            request = self._request(extent, before, source)
            return erase(self._handle, self._place, self._identities, request, models, tell)

    def _request(self, extent: str, before: float | None, source: str | Sequence[str] | None) -> EraseRequest:
        from facestream.erasure.erasing import find_source
        from storage.requests import EraseRequest, Extent

        if extent not in [*Extent] or (extent == "before") != (before is not None):
            raise UsageError('say "all", "before" with a moment, "source" with one, or "retention".')
        if (extent == "source") != (source is not None):
            raise UsageError('"source" goes with the id, path or name of one or more, and nothing else does.')
        if before is not None and before > time.time():
            raise UsageError("that moment has not come yet: choose one that is past.")
        written = (source,) if isinstance(source, str) else source or ()
        ids = {known.source_id for known in self.sources()} if written else set()
        meant = tuple(
            each if each in ids else find_source(self._identities, each).source_id for each in written
        )
        return EraseRequest(Extent(extent), before or 0.0, meant)
