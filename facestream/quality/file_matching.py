"""Which file of one table is which of another: by as much of their paths as is the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from facestream.errors import LabelError
from facestream.quality.labels import LabelTable, one_spelling
from facestream.readable_path import readable

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileMatching:
    """The files of two tables beside each other.

    Attributes:
        file_of: File in the truth of each file among the found ones.
        doubtful: Of each end of a path that more than one file has, on either side: those of the truth, and
            the found ones.
    """

    file_of: dict[str, str]
    doubtful: dict[Parts, tuple[list[str], list[str]]]


def matching_files(truth: LabelTable, found: LabelTable) -> dict[str, str]:
    """File in the truth of each file among the found ones, see `file_matching`.

    Raises:
        LabelError: If they have no file in common, or nothing tells which is which.
    """
    matching = file_matching(truth, found)
    if matching.doubtful:
        end, (true, others) = min(matching.doubtful.items())
        name = "/".join(end)
        sides = ((truth.path, sorted(true)), (found.path, sorted(others)))
        several = " and ".join(
            f"{files[0]!r} and {files[1]!r} of {path}" for path, files in sides if len(files) > 1
        )
        more = f" ({len(matching.doubtful)} such names)" if len(matching.doubtful) > 1 else ""
        raise LabelError(
            f"{found.path}: nothing tells which photo or video of {truth.path} {name!r} is: it may be "
            f"{several}{more}. Give every file a name of its own, or write the same paths in both.",
            path=found.path,
        )
    if not matching.file_of:
        true_keys, found_keys = {row.key for row in truth.rows}, {row.key for row in found.rows}
        raise LabelError(
            f"{truth.path} and {found.path} have no file in common: the one is about "
            f"{min(true_keys)!r}, the other about {min(found_keys)!r}.",
            path=found.path,
        )
    return matching.file_of


def file_matching(truth: LabelTable, found: LabelTable) -> FileMatching:
    """Match the files of two tables by their whole paths, by some of their last parts, or by their names.

    A folder may have been moved since; of these, the one counts by which most files are found. Where half as
    many have the same whole paths, none was moved, and a name alone is of somebody else's file.
    """
    true_parts, found_parts = ({row.key: _parts(row.key) for row in table.rows} for table in (truth, found))
    deepest = min(max(map(len, parts.values())) for parts in (true_parts, found_parts))
    ways = [_by_end(true_parts, found_parts, depth) for depth in (0, *range(deepest, 0, -1))]
    # Of several, the first: the longer what is the same, the surer it is.
    best = max(ways, key=lambda way: len(way.file_of))
    if ways[0].file_of and 2 * len(ways[0].file_of) >= len(best.file_of):
        return ways[0]
    return best if best.file_of else max(ways, key=lambda way: len(way.doubtful))


def _parts(key: str) -> Parts:
    """The parts of a path as Redis holds it."""
    return PurePath(one_spelling(readable(key)).replace("\\", "/")).parts


def _by_end(true_parts: Mapping[str, Parts], found_parts: Mapping[str, Parts], depth: int) -> FileMatching:
    """Match by so many last parts, or by all of them for depth 0."""
    true_of, found_of = _of_end(true_parts, depth), _of_end(found_parts, depth)
    matching = FileMatching({}, {})
    for end, found in found_of.items():
        true = true_of.get(end, [])
        if len(true) == len(found) == 1:
            matching.file_of[found[0]] = true[0]
        elif true:
            matching.doubtful[end] = (true, found)
    return matching


def _of_end(parts_of: Mapping[str, Parts], depth: int) -> dict[Parts, list[str]]:
    files: dict[Parts, list[str]] = defaultdict(list)
    for key, parts in parts_of.items():
        files[parts[-depth:]].append(key)
    return files
