"""Both fields of an interlaced picture made one moment."""

import av
import numpy as np
import numpy.typing as npt
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

# A pixel that differs from both of its neighbours above and below by so much, to the same side, is one of a
# comb. Sensors' noise does that seldom.
_LEVELS = 20
_BLOCK_PX = (32, 32)
_COLUMN_STEP = 2
_COMBED_SHARE = 0.15


def is_combed(grey: npt.NDArray[np.uint8]) -> bool:
    """Whether something moved from one field to the other, so that its edges look like combs.

    Much that is stored as interlaced is not: of the two halves of a film's picture none is later.

    Args:
        grey: uint8 (H, W), rows as stored.
    """
    rows = grey[:, ::_COLUMN_STEP].astype(np.int32)
    above, here, below = rows[:-2], rows[1:-1], rows[2:]
    teeth = (above - here) * (below - here) > _LEVELS**2
    height, width = _BLOCK_PX[0], _BLOCK_PX[1] // _COLUMN_STEP
    down, across = teeth.shape[0] // height, teeth.shape[1] // width
    if not (down and across):
        return False
    blocks = teeth[: down * height, : across * width].reshape(down, height, across, width)
    return bool(blocks.mean(axis=(1, 3)).max() > _COMBED_SHARE)


class Deinterlacer:
    """Fills the lower field's rows from those of the upper one, where it must (FFmpeg's filter `estdif`).

    Each picture is looked at by itself, as those that are sampled are far apart. Keep it for the whole
    stream.
    """

    def __init__(self) -> None:
        self._grey = VideoReformatter()
        self._graph: Graph | None = None
        self._made_for: tuple[int, int, str] = (0, 0, "")

    def progressive(self, picture: VideoFrame) -> VideoFrame:
        """The picture without combs: as its upper field shows it if it has any, as it is if not.

        Args:
            picture: As decoded, interlaced.
        """
        grey = self._grey.reformat(picture, format="gray", threads=1).to_ndarray()
        return self._filled(picture) if is_combed(np.asarray(grey, np.uint8)) else picture

    def _filled(self, picture: VideoFrame) -> VideoFrame:
        made_for = picture.width, picture.height, picture.format.name
        if self._graph is None or made_for != self._made_for:
            self._graph, self._made_for = _graph(*made_for), made_for
        # The filter hands out each picture when the next one comes; what comes first here is the one before.
        done = picture
        for _ in range(2):
            self._graph.push(picture)
            try:
                pulled = self._graph.pull()
            except av.BlockingIOError:
                continue
            assert isinstance(pulled, VideoFrame)
            done = pulled
        return done


def _graph(width_px: int, height_px: int, pixels: str) -> Graph:
    graph = Graph()
    # Times are of no interest to it. Which field came first is, but either will do.
    begin = graph.add_buffer(width=width_px, height=height_px, format=pixels, time_base="1/1000")  # type: ignore[arg-type]
    filled = graph.add("estdif", "mode=frame:parity=tff:deint=all")
    end = graph.add("buffersink")
    begin.link_to(filled)
    filled.link_to(end)
    graph.configure()
    return graph
