"""The models that a collection was made with, for whoever names none."""

from __future__ import annotations

from facestream.configuration.settings import DEFAULT_MODELS, Place
from facestream.hint import command_line
from facestream.wiring import make_manifest
from storage.identity_store import IdentityStore
from workers.errors import PackNotFoundError


def models_for(store: IdentityStore, place: Place, asked: str | None) -> str:
    """Name or folder of the model pack to compare faces of a collection with.

    Args:
        store: The collection.
        place: Where it is.
        asked: The pack that was asked for; None for the collection's own, or the default of an empty one.

    Raises:
        ModelConflictError: If the collection's own pack has become another one.
        ModelChangeError: If the collection's models are being changed.
        PackNotFoundError: If its own pack isn't found any more.
        ModelError: If its own pack can't be read.
    """
    if asked is not None:
        return asked
    # Half way through a change, neither pack is the collection's.
    store.check_usable()
    meta = store.meta()
    # Collections of earlier versions keep the name alone.
    own = meta.get("models") or meta.get("pack")
    if not own:
        return DEFAULT_MODELS
    try:
        manifest = make_manifest(own, place.data_dir)
    except PackNotFoundError as error:
        raise PackNotFoundError(
            f"collection {place.collection!r} was made with the model pack {meta.get('pack', own)!r}, "
            f"which is not found any more: {error} Say where it is with --models NAME|FOLDER, or "
            f"recompute the faces with another: {command_line(place, 'reembed', '--models', DEFAULT_MODELS)}",
            pack=own,
        ) from error
    store.check_model(manifest.model_id, own)
    return own
