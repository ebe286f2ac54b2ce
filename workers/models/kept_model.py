"""Models that are made of others, kept so that they are made once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept_model(
    cache: Path | None, kind: str, facts: tuple[object, ...], source: bytes, make: Callable[[], bytes | None]
) -> bytes | None:
    """A model from the cache, or a new one that is put there.

    Args:
        cache: The folder; None for none. Whoever can't write there makes it at each start.
        kind: What is made: how its file is called.
        facts: What it depends on besides `source`; the version of what makes it, say.
        source: The model that it is made of.
        make: Makes it; None, where that can't be done, is kept as well.
    """
    if cache is None:
        return make()
    key = hashlib.sha256(repr(facts).encode() + source).hexdigest()
    path = cache / f"{kind}-{key[:32]}"
    known, model = _read(path)
    if known:
        return model
    model = make()
    with contextlib.suppress(OSError):
        _write(path, model)
    return model


def _read(path: Path) -> tuple[bool, bytes | None]:
    """Whether it was made before, and what came of it: behind a checksum, the model or nothing."""
    with contextlib.suppress(OSError, ValueError):
        seal, _, content = path.read_bytes().partition(b"\n")
        if json.loads(seal) == hashlib.sha256(content).hexdigest():
            return True, content or None
    return False, None


def _write(path: Path, content: bytes | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = content or b""
    # Several processes may do so at once.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        part = Path(file.name)
        try:
            file.write(json.dumps(hashlib.sha256(content).hexdigest()).encode() + b"\n" + content)
            file.flush()
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
