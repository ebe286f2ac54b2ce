"""facestream cluster: classic algorithms on real faces."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen_place, device_option, place_options, verbosity_options
from facestream.commands.model_options import photo_parts_options
from facestream.configuration.setting_option import was_typed
from facestream.parsing import MediaPath

if TYPE_CHECKING:
    from facestream.clusters.cluster_settings import ClusterOptions
    from facestream.clusters.clustering import Clusters
    from facestream.configuration.settings import Place


@click.command(
    name="cluster",
    epilog="""\b
Examples:
  facestream cluster photos/                              by average linkage
  facestream cluster photos/ -a hdbscan --plot faces.png
  facestream cluster photos/ -a kmeans --k 12 --folders people/
  facestream cluster --linkage ward --k 7                 the tracks that `facestream run` stored
  facestream cluster photos/ -o - -q | facestream evaluate photos/ /dev/stdin

\b
Algorithms and what they go by:
  agglomerative  --eps or --k, --linkage      merges the two nearest clusters, again and again
  dbscan         --eps, --min-samples         joins neighbours and their neighbours; the rest is nobody
  hdbscan        --min-cluster-size, --min-samples, --eps
                                              keeps the clusters that last longest as neighbours get nearer
  kmeans         --k                          clusters around means
  kmedoids       --k                          clusters around faces
What is left out is chosen from what `facestream calibrate` measured for the models, and said.

\b
Exit codes: 0 done, 1 something failed, 2 wrong usage, 130 interrupted.
""",
)
@click.argument("photos", metavar="[PHOTOS]...", nargs=-1, type=MediaPath())
@click.option(
    "-a",
    "--algorithm",
    type=click.Choice(["agglomerative", "dbscan", "hdbscan", "kmeans", "kmedoids"]),
    default="agglomerative",
    show_default=True,
    help="The algorithm.",
)
@click.option(
    "--linkage",
    type=click.Choice(["average", "complete", "single", "ward", "centroid"]),
    help="What the distance of two clusters is.  [default: average]",
)
@click.option("--k", type=int, metavar="N", help="Make so many clusters.")
@click.option("--eps", type=float, metavar="DISTANCE", help="Cosine distance, 0 to 2, of one person's faces.")
@click.option(
    "--min-samples",
    type=int,
    metavar="N",
    help="So many neighbours make a crowd.  [default: 2 for dbscan, the face itself included; 1 for hdbscan]",
)
@click.option("--min-cluster-size", type=int, metavar="N", help="Smallest cluster.  [default: 2]")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default=Path("facestream-clusters.csv"),
    show_default=True,
    metavar="FILE",
    help="Write a row for each face as `facestream export` does, with the number of its cluster as identity; "
    "- is standard output.",
)
@click.option(
    "--vectors",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.npy",
    help="Write the vector of each row, for `facestream evaluate --vectors`.",
)
@click.option(
    "--folders",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Make a folder for each cluster with copies of its photos, or the faces of its tracks.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw the dendrogram, distances or silhouettes, and a map of the faces: .png, .svg or .pdf.",
)
@photo_parts_options
@device_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(
    ctx: click.Context, /, photos: tuple[Path, ...], as_json: bool, quiet: bool, **options: Any
) -> int:
    """Group the faces of PHOTOS, files and folders, by a classic algorithm, to compare or to learn.

    Without PHOTOS, the tracks of the collection are grouped. Nothing is stored: the people of a collection
    stay as they are. `facestream run`, which finds those, also goes by who was seen together and by how much
    small faces tell.
    """
    place = chosen_place(ctx)
    from facestream.clusters.cluster_settings import ClusterSettings
    from facestream.output import print_json, printable

    output = options["output"]
    if photos and was_typed(ctx, "collection"):
        raise click.UsageError("PHOTOS and --collection both say what is grouped; give one.")
    if as_json and output == Path("-"):
        raise click.UsageError("--json and -o - can't both write to standard output.")
    asked: ClusterOptions = {
        "algorithm": options["algorithm"],
        "linkage": options["linkage"],
        "k": options["k"],
        "eps": options["eps"],
        "min_samples": options["min_samples"],
        "min_cluster_size": options["min_cluster_size"],
    }
    # What is wrong is said before libraries are loaded and photos are looked at, which takes its time.
    ClusterSettings.of(asked)
    _check_targets(photos, options)
    from facestream.clusters.clusters_view import as_document, show, show_left_out, summary

    clusters = _cluster(photos, place, options, asked, quiet=quiet)
    files = _write(clusters, options)
    if as_json:
        targets = {name: options[name] for name in ("output", "vectors", "folders", "plot")}
        print_json(as_document(clusters, targets))
    elif output != Path("-"):
        show(clusters, quiet=quiet)
    elif not quiet:
        click.echo(summary(clusters), err=True)
    if not quiet:
        show_left_out(clusters)
        for name in files:
            click.echo(f"written: {printable(name)}", err=True)
    return 1 if clusters.failed else 0


def _check_targets(photos: tuple[Path, ...], options: dict[str, Any]) -> None:
    """Refuse what can't be written, or would take the place of something else."""
    from facestream.errors import UsageError
    from facestream.output import check_writable

    if options["plot"] is not None:
        from facestream.drawing.figure_file import check_format

        check_format(options["plot"])
    if options["folders"] is not None:
        from facestream.clusters.cluster_folders import check_folder

        check_folder(options["folders"])
    targets = {name: options[name] for name in ("output", "vectors", "plot")}
    names = {name: path for name, path in targets.items() if path not in (None, Path("-"))}
    for name, path in names.items():
        check_writable(path, picture_of=photos if name == "plot" else None)
    if len({path.resolve() for path in names.values()}) < len(names):
        raise UsageError(f"--{', --'.join(names)} name the same file twice. Give each one of its own.")


def _cluster(
    photos: tuple[Path, ...], place: Place, options: dict[str, Any], asked: ClusterOptions, *, quiet: bool
) -> Clusters:
    from facestream.clusters.clustering import cluster, cluster_tracks
    from facestream.configuration.settings import DEFAULT_MODELS

    if not photos:
        from facestream.client import open_store

        with open_store(place) as store:
            return cluster_tracks(store, models=options["pack"], **asked)
    from facestream.progress import stderr_console
    from facestream.progress_bar import ProgressBar

    with ProgressBar(stderr_console(), quiet=quiet) as bar:
        return cluster(
            *photos,
            models=options["pack"] or DEFAULT_MODELS,
            data_dir=place.data_dir,
            device=options["device"],
            tell=lambda done, total: bar.tell("photos", done, total),
            **asked,
        )


def _write(clusters: Clusters, options: dict[str, Any]) -> list[str]:
    """Write what is asked for; returns the files in words."""
    from facestream.hint import shown_path
    from facestream.people.people_view import counted

    written: list[str] = []
    output: Path = options["output"]
    _write_labels(clusters, None if output == Path("-") else output)
    if output != Path("-"):
        written.append(shown_path(output))
    if (path := options["vectors"]) is not None:
        import numpy as np

        from facestream.output import written_file

        with written_file(path, text=False) as file:
            np.save(file, clusters.row_vectors(), allow_pickle=False)
        written.append(shown_path(path))
    if (path := options["folders"]) is not None:
        written.append(f"{shown_path(path)} ({counted(clusters.write_folders(path), 'file')})")
    if (path := options["plot"]) is not None:
        from facestream.clusters.cluster_plot import plot_clusters
        from facestream.clusters.clusters_view import title

        faces = clusters.faces
        plot_clusters(path, clusters.grouping, faces.vectors, faces.pictures, title=title(clusters))
        written.append(shown_path(path))
    return written


def _write_labels(clusters: Clusters, output: Path | None) -> None:
    from facestream.exports.face_rows import COLUMNS, row
    from facestream.exports.row_files import write_csv
    from facestream.output import written_file

    with nullcontext(sys.stdout) if output is None else written_file(output) as file:
        write_csv(COLUMNS, map(row, clusters.rows()), file)
