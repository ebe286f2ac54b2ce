"""What can go wrong with a camera."""

from enum import StrEnum


class Fault(StrEnum):
    """Faults of the scripted server. Those of the media begin after `RtspServer.after_frames` pictures."""

    NONE = "none"

    # Of the connection.
    REFUSE = "refuse"
    """Nobody listens; connections that are there end."""
    SILENCE = "silence"
    """Connections are accepted, and nothing is ever answered."""
    SILENT_DESCRIBE = "silent describe"
    WRONG_PASSWORD = "wrong password"
    """401 to every password."""
    NOT_FOUND = "not found"

    # Of the transport.
    FREEZE = "freeze"
    """Nothing more comes, the connection stays."""
    SOUND_ALONE = "sound alone"
    """No more pictures come; the sound goes on, if the server has one."""
    CLOSE = "close"
    RESET = "reset"
    GARBAGE = "garbage"
    """Random bytes between the packets."""
    TRUNCATED = "truncated"
    """A packet ends early, then the connection does."""
    LOSS = "loss"
    """Every third packet is missing."""

    # Of the pictures.
    CORRUPT = "corrupt"
    """Bytes within the pictures are overwritten."""
    JUMP_BACK = "jump back"
    """Timestamps jump by -1 h."""
    JUMP_FORWARD = "jump forward"
    """Timestamps jump by +10 h."""
    NO_TIMESTAMP = "no timestamp"
    """Every timestamp is 2^32 - 1, which FFmpeg takes for none."""
    STOPPED_CLOCK = "stopped clock"
    """Every timestamp is the same."""
    OTHER_SIZE = "other size"
    """Pictures of `RtspServer.other_film`, with parameter sets of their own."""

    # Of what is announced; seen by connections that come later.
    AUDIO_ONLY = "audio only"
    WRAP = "wrap"
    """Timestamps pass 2^32 after a second."""
    ANNOUNCED_0_FPS = "announced 0 fps"
    ANNOUNCED_1000_FPS = "announced 1000 fps"
    UNKNOWN_CODEC = "unknown codec"
