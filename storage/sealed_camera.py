"""The URLs of a camera, sealed into its record and out of it again."""

from __future__ import annotations

from storage.camera_record import CameraRecord, url_context
from storage.sealing import Seal


class SealedCamera:
    """Seals URLs for the cameras of one collection; for those of another, they don't open.

    Args:
        seal: Seals and unseals.
        collection: Name of the collection.
    """

    def __init__(self, seal: Seal, collection: str) -> None:
        self._seal = seal
        self._collection = collection

    def sealed(self, name: str, url: str, *, sub: bool = False) -> str:
        """Seal a URL.

        Args:
            name: The camera.
            url: With its secrets; "" stays "".
            sub: Whether it is that of the smaller picture.
        """
        return self._seal.seal(url, url_context(self._collection, name, sub=sub)) if url else ""

    def url(self, record: CameraRecord) -> str:
        """The URL of a camera with its secrets.

        Raises:
            SealError: If it was sealed with another key, or for another camera or collection.
        """
        return self._seal.open(record.sealed_url, url_context(self._collection, record.name))

    def sub_url(self, record: CameraRecord) -> str:
        """The URL of its smaller picture, or ""; errors as those of `url`."""
        if not record.sealed_sub_url:
            return ""
        return self._seal.open(record.sealed_sub_url, url_context(self._collection, record.name, sub=True))

    def taken_over(self, record: CameraRecord, other: SealedCamera) -> CameraRecord:
        """A camera of another collection as one of this; errors as those of `url`."""
        return record.changed(
            sealed_url=self.sealed(record.name, other.url(record)),
            sealed_sub_url=self.sealed(record.name, other.sub_url(record), sub=True),
        )
