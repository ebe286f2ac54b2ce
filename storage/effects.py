"""What one step of the cluster worker changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.delivery import Delivery
from storage.erasure_record import ErasureRecord
from storage.identity_record import Identity, IdentityChange
from storage.recluster_record import ReclusterRecord
from storage.sample_record import FaceSample
from storage.sighting_rows import SightingRows
from storage.source_record import SourceRecord
from storage.track_record import TrackRecord


class Said(NamedTuple):
    """What people say of somebody.

    Attributes:
        name: What they are called, or empty.
        ignored: Whether lists leave them out.
    """

    name: str
    ignored: bool


@dataclass(slots=True)
class Effects:
    """What one step of the cluster worker changes. All of it happens, or nothing.

    Attributes:
        samples: Samples to store.
        tracks: Tracks to store; their assignment is in `assignments`.
        tracks_removed: Source of each track to delete; their samples are in `samples_removed`.
        samples_removed: Ids of samples to delete.
        samples_named: Ids of samples that came again, and that tracks in Redis name already.
        assignments: Person of a track, or None for nobody.
        provisional: Whether nobody has confirmed yet whose a track is, where that changed.
        sources: Progress of sources.
        identities: People to write, with their sightings.
        sightings: Rows of the sightings of those of them of whom they are kept, by person.
        members_added: Tracks that a person got.
        members_removed: Tracks that a person lost.
        templates: Template of each track that is new or has changed, as bytes.
        names: Names that people take over from those who are merged into them.
        names_known: Name of each person who had one when a re-cluster was applied; None where people said who
            is merged.
        revived: People who are brought back after a merge, with what was said of them.
        names_back: Names that people give back to those whom they had taken them over from.
        ignored: People whom lists leave out because they were part of somebody who is ignored.
        applied: Number of the last decision that is carried out with this step, or 0 where there is none.
        forgotten: People of whom nothing but the id may be left.
        forgotten_tracks: Their tracks.
        erased: Entries of streams to delete, by key.
        trimmed: Streams to cut, by key: entries with an id below this go; all of them where it is empty.
        pictures_removed: Ids of samples that stay without their pictures.
        sources_removed: Sources of which nothing may be left.
        nameless: People who are forgotten since they have no name.
        erasures: What is kept of erasures.
        kept_out: Templates, as bytes, of people who are forgotten and not to be taken in anew, by the field.
        kept_out_removed: Fields of those of whom these go.
        returned: Tracks that are left out as they are of such people; whether each was not before.
        changes: Events to publish.
        reclustered: What a re-cluster did, where there was one.
        done: Deliveries to acknowledge and remove.
        unreadable: Deliveries to move to the dead-letter stream.
    """

    samples: list[FaceSample] = field(default_factory=list)
    tracks: list[TrackRecord] = field(default_factory=list)
    tracks_removed: dict[str, str] = field(default_factory=dict)
    samples_removed: set[str] = field(default_factory=set)
    samples_named: set[str] = field(default_factory=set)
    assignments: dict[str, str | None] = field(default_factory=dict)
    provisional: dict[str, bool] = field(default_factory=dict)
    sources: dict[str, SourceRecord] = field(default_factory=dict)
    identities: list[Identity] = field(default_factory=list)
    sightings: dict[str, SightingRows] = field(default_factory=dict)
    members_added: dict[str, set[str]] = field(default_factory=dict)
    members_removed: dict[str, set[str]] = field(default_factory=dict)
    templates: dict[str, bytes] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    names_known: Mapping[str, str] | None = None
    revived: dict[str, Said] = field(default_factory=dict)
    names_back: dict[str, str] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    applied: int = 0
    forgotten: set[str] = field(default_factory=set)
    forgotten_tracks: set[str] = field(default_factory=set)
    erased: dict[str, list[bytes]] = field(default_factory=dict)
    trimmed: dict[str, str] = field(default_factory=dict)
    pictures_removed: set[str] = field(default_factory=set)
    sources_removed: set[str] = field(default_factory=set)
    nameless: set[str] = field(default_factory=set)
    erasures: list[ErasureRecord] = field(default_factory=list)
    kept_out: dict[str, bytes] = field(default_factory=dict)
    kept_out_removed: set[str] = field(default_factory=set)
    returned: dict[str, bool] = field(default_factory=dict)
    changes: list[IdentityChange] = field(default_factory=list)
    reclustered: ReclusterRecord | None = None
    done: list[Delivery] = field(default_factory=list)
    unreadable: list[Delivery] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing changes."""
        return not any(getattr(self, name) for name in self.__slots__)

    def forget(self, identity_ids: set[str], track_ids: Collection[str]) -> None:
        """Take out what tells of people and their tracks, and let nothing but their ids be left.

        Args:
            identity_ids: The people.
            track_ids: Their tracks.
        """
        self.changes = [
            change
            for change in self.changes
            if identity_ids.isdisjoint((change.identity_id, change.other_id))
            and change.track_id not in track_ids
        ]
        self.identities = [i for i in self.identities if i.identity_id not in identity_ids]
        self.unreadable = [
            delivery
            for delivery in self.unreadable
            if delivery.raw.get(b"track_id", b"").decode("utf-8", "replace") not in track_ids
        ]
        for identity_id in identity_ids:
            self.sightings.pop(identity_id, None)
            self.names.pop(identity_id, None)
            self.names_back.pop(identity_id, None)
            self.revived.pop(identity_id, None)
            self.members_added.pop(identity_id, None)
            self.members_removed.pop(identity_id, None)
        self.ignored -= identity_ids
        self.forgotten |= identity_ids
        self.forgotten_tracks |= set(track_ids)
