"""Whether a grouping keeps to what people said."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from workers.clustering.constraints import Constraints


def hold_in(constraints: Constraints, owners: Mapping[str, str]) -> bool:
    """Whether those who belong together are one, and those who must be apart are not.

    Args:
        constraints: What people said.
        owners: Person of each track that has one.
    """
    for a, b in itertools.combinations(owners, 2):
        if b in constraints.with_(a) and owners[a] != owners[b]:
            return False
        if b in constraints.against(a) and owners[a] == owners[b]:
            return False
    return True
