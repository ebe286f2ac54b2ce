"""Reading one camera for ever, with its pictures decoded."""

from stream.camera import open_camera
from stream.live_connection import LivePicture, PictureConnection
from stream.live_reader import LiveReader


class PictureReader(LiveReader[PictureConnection, LivePicture]):
    """Decodes each picture of a camera, as it comes."""

    def _open(self) -> PictureConnection:
        return open_camera(self._url, self._settings)
