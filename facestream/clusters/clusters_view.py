"""Clusters of a classic algorithm, in words and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from facestream.clusters.clustering import Clusters
from facestream.hint import shown_path
from facestream.output import print_table, printable
from facestream.people.people_view import counted
from facestream.readable_path import readable_path

# Large clusters that are shown, and photos without a face that are named.
_SHOWN = 10
_NAMED = 5


def title(clusters: Clusters) -> str:
    """What was clustered how, on one line."""
    return f"{_method(clusters)}: {_result(clusters)}"


def summary(clusters: Clusters) -> str:
    """What was clustered how, and why so."""
    lines = [f"{_result(clusters)}: {_method(clusters)}; models {clusters.pack}."]
    settings = clusters.grouping.settings
    lines += [f"{name} = {_figure(settings[name])}: {why}." for name, why in clusters.chosen.items()]
    return "\n".join(lines)


def show(clusters: Clusters, *, quiet: bool) -> None:
    """Print the largest clusters, and how well they are separated."""
    click.echo(summary(clusters))
    if clusters.grouping.clusters:
        click.echo("")
        _show_largest(clusters)
    if quiet:
        return
    separation = clusters.separation
    measures = (
        ("silhouette", separation.silhouette, "-1 to 1, higher is better"),
        ("Davies-Bouldin", separation.davies_bouldin, "lower is better"),
        ("Dunn", separation.dunn, "higher is better"),
    )
    rows = [[name, f"{value:.3f}", meaning] for name, value, meaning in measures if value is not None]
    if rows:
        click.echo("")
        print_table(("measure", "value", ""), rows, right={"value"})
    click.echo(f"\nClustered in {clusters.seconds:.1f} s.", err=True)


def show_left_out(clusters: Clusters) -> None:
    """Say what could not be clustered."""
    for path, reason in clusters.failed:
        click.echo(f"Not read: {printable(reason if str(path) in reason else f'{path}: {reason}')}", err=True)
    for paths, one, many in (
        (clusters.faces.faceless, "photo shows no face", "photos show no face"),
        (clusters.videos, "video left out", "videos left out"),
    ):
        if paths:
            names = ", ".join(printable(shown_path(path)) for path in paths[:_NAMED])
            more = ", ...; --json names all" if len(paths) > _NAMED else ""
            click.echo(f"{counted(len(paths), one, many)}: {names}{more}", err=True)


def as_document(clusters: Clusters, targets: Mapping[str, Path | None]) -> dict[str, Any]:
    """A clustering for machines.

    Args:
        clusters: The clusters.
        targets: Where each of the files that can be written is, or None.
    """
    grouping, separation = clusters.grouping, clusters.separation
    return {
        "kind": clusters.kind,
        "photos": clusters.photos,
        "items": len(clusters.faces),
        "algorithm": str(grouping.algorithm),
        "settings": dict(grouping.settings),
        "chosen": dict(clusters.chosen),
        "clusters": grouping.clusters,
        "sizes": grouping.sizes().tolist(),
        "nobody": grouping.nobody,
        "silhouette": separation.silhouette,
        "davies_bouldin": separation.davies_bouldin,
        "dunn": separation.dunn,
        "seconds": round(clusters.seconds, 3),
        "models": clusters.pack,
        **{name: None if path is None else str(path.resolve()) for name, path in targets.items()},
        "failed": [{"source": readable_path(path), "error": reason} for path, reason in clusters.failed],
        "faceless": [readable_path(path) for path in clusters.faces.faceless],
        "videos": [readable_path(path) for path in clusters.videos],
    }


def _result(clusters: Clusters) -> str:
    grouping = clusters.grouping
    items = counted(len(clusters.faces), "face" if clusters.kind == "photos" else "track")
    where = f" in {counted(clusters.photos, 'photo')}" if clusters.kind == "photos" else ""
    nobody = f", {grouping.nobody} given to nobody" if grouping.nobody else ""
    return f"{counted(grouping.clusters, 'cluster')} of {items}{where}{nobody}"


def _method(clusters: Clusters) -> str:
    """The algorithm and all that it went by, such as "agglomerative, average linkage, eps 0.0705"."""
    words = [str(clusters.grouping.algorithm)]
    for name, value in clusters.grouping.settings.items():
        text = f"{value} linkage" if name == "linkage" else f"{name.replace('_', '-')} {_figure(value)}"
        words.append(text)
    return ", ".join(words)


def _figure(value: float | int | str) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _show_largest(clusters: Clusters) -> None:
    """A row for each of the largest clusters, with a photo to know it by."""
    sizes = clusters.grouping.sizes()
    rows = []
    for label, size in enumerate(sizes[:_SHOWN].tolist()):
        items = np.flatnonzero(clusters.labels == label).tolist()
        sources = {clusters.faces.faces[item][0].source for item in items}
        # Of k-medoids the face that stands for the cluster, else the first.
        shown = clusters.grouping.centres[label] if len(clusters.grouping.centres) else items[0]
        face = clusters.faces.faces[shown][0]
        first = shown_path(Path(face.source))
        rows.append(
            [str(label + 1), str(size), str(len(sources)), first if clusters.kind == "photos" else face.track]
        )
    if clusters.kind == "photos":
        columns = ("cluster", "faces", "photos", "such as")
    else:
        columns = ("cluster", "tracks", "files", "such as")
    print_table(columns, rows, right=columns[:3])
    if len(sizes) > _SHOWN:
        rest = sizes[_SHOWN:]
        alone = int((rest == 1).sum())
        click.echo(f"and {len(rest)} smaller ones, {alone} of them with one alone")
