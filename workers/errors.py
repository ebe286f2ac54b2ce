"""Everything that can go wrong between a frame and an identity.

WorkerError
├── ModelError
│   ├── DeviceError
│   ├── PackNotFoundError
│   ├── ManifestError
│   ├── WeightsError
│   ├── DownloadError
│   ├── ArchiveError
│   └── InferenceError
├── CalledOffError
└── ClusterWorkerError
"""

from __future__ import annotations

from pathlib import Path


class WorkerError(Exception):
    """Root of the errors of face and cluster workers."""


class ModelError(WorkerError):
    """A model could not be found, read, built or run.

    Attributes:
        cause: What is so.
        mend: What to do about it; empty where the cause says it, or nothing is known.
    """

    def __init__(self, cause: str, *, mend: str = "") -> None:
        super().__init__(f"{cause} {mend}" if mend else cause)
        self.cause = cause
        self.mend = mend


class DeviceError(ModelError):
    """Models don't run on the device that was asked for.

    Attributes:
        cause: What is so.
        device: What was asked for, such as "cuda:0".
        mend: What to do about it, with the command where there is one.
    """

    def __init__(self, cause: str, *, device: str, mend: str) -> None:
        super().__init__(f"{cause}. Mend: {mend}")
        self.cause = cause
        self.device = device
        self.mend = mend


class PackNotFoundError(ModelError):
    """No model pack has this name, and no folder of this path holds one.

    Attributes:
        pack: What was asked for.
    """

    def __init__(self, cause: str, *, pack: str, mend: str = "") -> None:
        super().__init__(cause, mend=mend)
        self.pack = pack


class ManifestError(ModelError):
    """A pack's manifest is missing, unreadable or contradicts its files.

    Attributes:
        path: The manifest.
    """

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class WeightsError(ModelError):
    """A file of weights is missing, damaged or of an unknown layout.

    Attributes:
        path: The file, or None where its package is not installed.
    """

    def __init__(self, cause: str, *, path: Path | None = None, mend: str = "") -> None:
        super().__init__(cause, mend=mend)
        self.path = path


class DownloadError(ModelError):
    """A file of a model pack could not be downloaded, or is not the one that it should be.

    Attributes:
        url: Where it was looked for, without user, password and query.
    """

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url


class ArchiveError(ModelError):
    """A zip file is no model pack, or holds what could do harm.

    Attributes:
        path: The file.
    """

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class InferenceError(ModelError):
    """A model refused its input or returned something unusable.

    Attributes:
        model: File name of the model.
    """

    def __init__(self, message: str, *, model: str) -> None:
        super().__init__(message)
        self.model = model


class CalledOffError(WorkerError):
    """A computation was told to end early, as nobody waits for its result any more."""


class ClusterWorkerError(WorkerError):
    """The cluster worker of this run has failed; its cause is chained."""
