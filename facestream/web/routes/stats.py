"""Routes of stats."""

from __future__ import annotations

from fastapi import APIRouter

from facestream.clusters.recluster import Recluster
from facestream.web import schemas
from facestream.web.context import Context
from facestream.web.scopes import needs_read

router = APIRouter(tags=["stats"])

_RECLUSTERS = 20


@router.get("/stats", dependencies=[needs_read])
def stats(context: Context) -> schemas.Stats:
    """How much is in the collection, and what the latest re-clusters did."""
    counts, pulse = context.people.counts()
    reclusters = context.store.reclusters(_RECLUSTERS)
    return schemas.Stats(
        people=counts.people,
        named=counts.named,
        ignored=counts.ignored,
        provisional=counts.provisional,
        tracks=pulse.tracks,
        sources=pulse.sources,
        cameras=pulse.cameras,
        sightings=counts.sightings,
        vectors=pulse.vectors,
        reclusters=[_answer(recluster) for recluster in reclusters],
        churn=next((recluster.churn for recluster in reclusters if recluster.earlier), None),
    )


def _answer(recluster: Recluster) -> schemas.Recluster:
    return schemas.Recluster(
        ended_at=recluster.ended_at,
        reason=recluster.reason,
        tracks=recluster.tracks,
        people=recluster.people,
        unassigned_share=round(recluster.unassigned_share, 6),
        churn=round(recluster.churn, 6),
        earlier=recluster.earlier,
        wide=recluster.wide,
        seconds=recluster.seconds,
        clustering=recluster.clustering,
    )
