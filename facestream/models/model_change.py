"""What a change of a collection's models takes, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelChange:
    """What a change of models takes, and what it leaves out.

    Attributes:
        collection: Name of the collection.
        pack_before: Name of the pack that it has.
        pack: Name of the pack that it gets.
        commercial_use: Whether that one may be used in business; None where that isn't known.
        people: Ids of its people, before.
        faces: Faces that have a vector.
        left_out: Those of them without a picture: they can't be recomputed, and their tracks lose them.
        mute_tracks: Tracks without any picture: they stay with their person and are compared with nobody.
        kept_out: People who were forgotten, and would be somebody new when they come back: templates that are
            kept of them can't be made anew, and are deleted.
        assumed: What nobody said of the new pack and was assumed, a sentence each.
    """

    collection: str
    pack_before: str
    pack: str
    commercial_use: bool | None
    people: tuple[str, ...]
    faces: int
    left_out: int
    mute_tracks: int
    kept_out: int = 0
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reembedded:
    """A collection that has the models that were asked for.

    Attributes:
        change: What was done; None where it had them already.
        collection: Name of the collection.
        model_id: Embedding space of its vectors.
        people: Ids of its people, after the re-cluster.
        seconds: How long it took.
    """

    change: ModelChange | None
    collection: str
    model_id: str
    people: tuple[str, ...]
    seconds: float
