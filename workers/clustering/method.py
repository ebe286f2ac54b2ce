"""How the tracks of a collection are grouped into people."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """The ways to group tracks into people, the default first."""

    AVERAGE = "average"
    DBSCAN = "dbscan"
    HDBSCAN = "hdbscan"
