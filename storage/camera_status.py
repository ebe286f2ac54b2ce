"""How a camera is doing, as the worker that reads it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from storage.fields import Fields, Raw, count, number, optional_number, text

_DOWN = frozenset({"stalled", "backing_off", "failed"})


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How one camera is doing. Counts are since its worker took it over.

    Attributes:
        name: The camera.
        worker: Who reads it.
        state: "connecting", "streaming", "stalled", "backing_off", "paused" or "failed".
        since_s: Unix time at which that state began; of a camera that is down, and while it is tried again:
            at which it went down.
        last_error: What went wrong last, without secrets; empty if nothing did.
        fps_in: Frames per second that it sends.
        fps_done: Frames per second that are looked at.
        delay_s: Age of the latest frame when it had been looked at, s; None before the first.
        faces: Faces found.
        received: Frames decoded.
        taken: Frames sampled.
        done: Frames looked at.
        looked: Frames of those that faces were looked for in; in the others nothing had changed.
        failed: Frames of those that the models failed on, which were left out.
        dropped: Frames sampled that newer ones took the place of.
        dropped_full: Those of them for which there was no room in the queue.
        held: Entries that wait for room in the queue.
        corrupt: Packets that could not be decoded.
        connects: How often it was connected to.
        width_px: Width of its picture; 0 before the first.
        height_px: Height of its picture.
        codec: FFmpeg's name of its codec; empty before the first.
        main_state: State of its main stream, where faces are found in a sub-stream; the figures above are of
            that, then. Empty otherwise.
        main_error: What went wrong with that last, without secrets; empty if nothing did.
        main_width_px: Width of its picture; 0 before the first.
        main_height_px: Height of its picture.
        paired: Frames sampled that have a picture of the main stream beside them.
        at_s: Unix time of this status.
    """

    name: str
    worker: str
    state: str
    since_s: float
    last_error: str = ""
    fps_in: float = 0.0
    fps_done: float = 0.0
    delay_s: float | None = None
    faces: int = 0
    received: int = 0
    taken: int = 0
    done: int = 0
    looked: int = 0
    failed: int = 0
    dropped: int = 0
    dropped_full: int = 0
    held: int = 0
    corrupt: int = 0
    connects: int = 0
    width_px: int = 0
    height_px: int = 0
    codec: str = ""
    main_state: str = ""
    main_error: str = ""
    main_width_px: int = 0
    main_height_px: int = 0
    paired: int = 0
    at_s: float = 0.0

    @property
    def is_down(self) -> bool:
        """Whether it delivers nothing, though it should; not while it is connected to for the first time."""
        return self.state in _DOWN or (self.state == "connecting" and self.last_error != "")

    @property
    def errors(self) -> str:
        """What went wrong last with its streams, in one line; empty if nothing did."""
        main = f"main stream: {self.main_error}" if self.main_error else ""
        return "; ".join(part for part in (self.last_error, main) if part)

    def encode(self) -> Fields:
        """Fields of the hash."""
        return {
            "name": self.name,
            "worker": self.worker,
            "state": self.state,
            "since_s": f"{self.since_s:.3f}",
            "last_error": self.last_error,
            "fps_in": f"{self.fps_in:.3f}",
            "fps_done": f"{self.fps_done:.3f}",
            "delay_s": "" if self.delay_s is None else f"{self.delay_s:.3f}",
            "faces": self.faces,
            "received": self.received,
            "taken": self.taken,
            "done": self.done,
            "looked": self.looked,
            "failed": self.failed,
            "dropped": self.dropped,
            "dropped_full": self.dropped_full,
            "held": self.held,
            "corrupt": self.corrupt,
            "connects": self.connects,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "codec": self.codec,
            "main_state": self.main_state,
            "main_error": self.main_error,
            "main_width_px": self.main_width_px,
            "main_height_px": self.main_height_px,
            "paired": self.paired,
            "at_s": f"{self.at_s:.3f}",
        }

    @classmethod
    def decode(cls, raw: Raw) -> Self:
        """Read the fields back.

        Raises:
            RecordError: If one is missing or malformed; names it.
        """
        return cls(
            name=text(raw, "name"),
            worker=text(raw, "worker"),
            state=text(raw, "state"),
            since_s=number(raw, "since_s"),
            last_error=text(raw, "last_error", ""),
            fps_in=number(raw, "fps_in", "0"),
            fps_done=number(raw, "fps_done", "0"),
            delay_s=optional_number(raw, "delay_s"),
            faces=count(raw, "faces", "0"),
            received=count(raw, "received", "0"),
            taken=count(raw, "taken", "0"),
            done=count(raw, "done", "0"),
            looked=count(raw, "looked", "0"),
            failed=count(raw, "failed", "0"),
            dropped=count(raw, "dropped", "0"),
            dropped_full=count(raw, "dropped_full", "0"),
            held=count(raw, "held", "0"),
            corrupt=count(raw, "corrupt", "0"),
            connects=count(raw, "connects", "0"),
            width_px=count(raw, "width_px", "0"),
            height_px=count(raw, "height_px", "0"),
            codec=text(raw, "codec", ""),
            main_state=text(raw, "main_state", ""),
            main_error=text(raw, "main_error", ""),
            main_width_px=count(raw, "main_width_px", "0"),
            main_height_px=count(raw, "main_height_px", "0"),
            paired=count(raw, "paired", "0"),
            at_s=number(raw, "at_s", "0"),
        )
