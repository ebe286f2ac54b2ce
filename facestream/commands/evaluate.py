"""facestream evaluate: found people beside known ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facestream.cli import chosen_place, place_options, verbosity_options
from facestream.commands.label_options import label_options
from facestream.configuration.setting_option import was_typed
from facestream.parsing import Number

if TYPE_CHECKING:
    from facestream.quality.evaluation import Evaluation, Mistake
    from workers.clustering.metrics import PrecisionRecall

# Mistakes and parts of each that are shown.
_SHOWN = 5


@click.command(
    name="evaluate",
    epilog="""\b
Examples:
  facestream evaluate album/                            folders or file names say who is on each photo
  facestream evaluate clip.truth.csv faces.csv          a labelled video and an export
  facestream evaluate truth.csv clusters.csv --json | jq .bcubed.f

\b
TRUTH is one of:
  a folder      NAME/*.jpg, NAME/2020/*.jpg or NAME_0001.jpg; the face nearest to the middle of a photo is the
                labelled one; copies of a photo, byte for byte, go by what became of one
  a CSV file    frame,x1,y1,x2,y2,label for a video (with source for several); label "ignore" is not judged
                source,label for photos; label alone for rows in the order of PRED
PRED is a CSV file with a column identity, cluster or label (empty: nobody), as `facestream export` writes it,
or a folder with a folder of photos for each person; one called "nobody" holds those of nobody. Photos of two
folders are the same where they hold the same; others by as much of their paths as tells them apart.
""",
)
@click.argument("truth", type=click.Path(exists=True, path_type=Path))
@click.argument("pred", required=False, type=click.Path(exists=True, path_type=Path))
@label_options
@click.option(
    "--unassigned",
    type=click.Choice(["own", "together", "drop"]),
    default="own",
    show_default=True,
    help="Faces not found or given to nobody: each a person of its own, all one person, or left out.",
)
@click.option("--beta", type=Number(0, 100, min_open=True), default=1.0, show_default=True, help="Of F-beta.")
@click.option(
    "--every",
    "every_frames",
    type=click.IntRange(1),
    default=6,
    show_default=True,
    metavar="FRAMES",
    help="Of a video, judge the first labelled frame in so many.",
)
@click.option(
    "--reach",
    "reach_frames",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    metavar="FRAMES",
    help="Look for a true face in the nearest frame of PRED, at most so far away.",
)
@click.option(
    "--vectors",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.npy",
    help="An embedding for each row of PRED: adds silhouette, Davies-Bouldin and Dunn.",
)
@click.option(
    "--distances",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.npy",
    help="Distances of all rows of PRED instead.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options()
@verbosity_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    truth: Path,
    pred: Path | None,
    only: Path | None,
    half: str | None,
    vectors: Path | None,
    distances: Path | None,
    beta: float,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Compare found people with known ones. Without PRED, the people of the collection are judged.

    BCubed F is the one figure to trust: purity and the Rand index are near 1 with many people, whatever was
    done. NMI is normalised by the arithmetic mean of both entropies; mutual information is in bits.
    """
    place = chosen_place(ctx)
    from facestream.client import open_store
    from facestream.output import print_json
    from facestream.quality.evaluation import (
        evaluate_tables,
        found_table,
        read_points,
        table_of_faces,
        truth_table,
    )

    if vectors and distances:
        raise click.UsageError("--vectors and --distances both say where the rows lie; give one.")
    if pred is not None and was_typed(ctx, "collection"):
        raise click.UsageError("PRED and --collection both say what is judged; give one.")
    points_file = vectors or distances
    points = read_points(points_file) if points_file else None
    table = truth_table(truth, options["labels_from"], only, half)
    if pred is not None:
        found = found_table(pred)
    else:
        with open_store(place) as store:
            fill = store.hint("run", "VIDEO")
            found = table_of_faces(list(store.faces()), f"collection {store.collection}", fill)
    result = evaluate_tables(
        table,
        found,
        unassigned=options["unassigned"],
        every_frames=options["every_frames"],
        reach_frames=options["reach_frames"],
        points=points,
        distances=distances is not None,
    )
    if as_json:
        print_json(evaluation_json(result, beta))
    else:
        _show(result, beta, quiet)


def evaluation_json(result: Evaluation, beta: float) -> dict[str, Any]:
    """An evaluation for machines."""
    agreed, counts = result.agreement, result.agreement.pair_counts
    separation = result.separation
    return {
        "compared": result.kind,
        "items": agreed.items,
        "assigned": result.assigned,
        "elsewhere": result.elsewhere,
        "people": agreed.classes,
        "clusters": result.clusters,
        "cluster_count_ratio": round(result.cluster_count_ratio, 4),
        "beta": beta,
        "bcubed": _both_json(agreed.bcubed, beta),
        "pairs": _both_json(agreed.pairs, beta)
        | {"tp": counts.together, "fp": counts.mixed, "fn": counts.torn, "tn": counts.apart},
        "purity": round(agreed.purity, 4),
        "inverse_purity": round(agreed.inverse_purity, 4),
        "rand_index": round(agreed.rand_index, 4),
        "adjusted_rand_index": round(agreed.adjusted_rand_index, 4),
        "mutual_information_bits": round(agreed.mutual_information_bits, 4),
        "nmi_arithmetic": round(agreed.normalised_mutual_information, 4),
        "junk": None if result.junk is None else round(result.junk, 4),
        "score": round(result.score, 4),
        "silhouette": separation.silhouette if separation else None,
        "davies_bouldin": separation.davies_bouldin if separation else None,
        "dunn": separation.dunn if separation else None,
        "torn": [_mistake_json(mistake) for mistake in result.torn],
        "mixed": [_mistake_json(mistake) for mistake in result.mixed],
    }


def _both_json(both: PrecisionRecall, beta: float) -> dict[str, float]:
    return {
        "precision": round(both.precision, 4),
        "recall": round(both.recall, 4),
        "f": round(both.f(beta), 4),
    }


def _mistake_json(mistake: Mistake) -> dict[str, Any]:
    return {"who": mistake.who, "faces": mistake.faces, "parts": dict(mistake.parts)}


def _show(result: Evaluation, beta: float, quiet: bool) -> None:
    from facestream.output import print_table
    from facestream.people.people_view import counted

    agreed = result.agreement
    if not quiet:
        click.echo(
            f"{agreed.items} true {result.kind} of {counted(agreed.classes, 'person', 'people')}: "
            f"{result.assigned} of them given to {counted(result.clusters, 'cluster')} "
            f"({result.cluster_count_ratio:.2f} for each person).\n"
        )
    rows = [
        [name, f"{both.precision:.3f}", f"{both.recall:.3f}", f"{both.f(beta):.3f}"]
        for name, both in (("BCubed", agreed.bcubed), ("pairs", agreed.pairs))
    ]
    print_table(("", "precision", "recall", f"F{beta:g}"), rows, right={"precision", "recall", f"F{beta:g}"})
    click.echo()
    figures = [
        ("purity", f"{agreed.purity:.3f}", f"inverse {agreed.inverse_purity:.3f}"),
        ("Rand index", f"{agreed.rand_index:.3f}", f"adjusted {agreed.adjusted_rand_index:.3f}"),
        (
            "NMI",
            f"{agreed.normalised_mutual_information:.3f}",
            f"arithmetic mean; mutual information {agreed.mutual_information_bits:.3f} bits",
        ),
    ]
    if result.junk is not None:
        figures.append(("junk", f"{result.junk:.3f}", "share of the found faces that are no true face"))
        figures.append(("score", f"{result.score:.3f}", "BCubed F1 x (1 - junk)"))
    if result.separation is not None:
        separation = result.separation
        figures += [
            ("silhouette", _figure(separation.silhouette), "-1 to 1, higher is better"),
            ("Davies-Bouldin", _figure(separation.davies_bouldin), "lower is better"),
            ("Dunn", _figure(separation.dunn), "higher is better"),
        ]
    print_table(("measure", "value", ""), figures, right={"value"})
    if not quiet:
        _show_mistakes("People in several clusters", result.torn)
        _show_mistakes("Clusters of several people", result.mixed)
        if result.elsewhere:
            about = counted(result.elsewhere, "row")
            click.echo(f"\n{about} about files that TRUTH does not mention.", err=True)
        if result.kind == "faces" and not result.assigned:
            click.echo(
                "\nNone of the true faces lies where somebody was found. Are both about the same video, and "
                "boxes in its own pixels?",
                err=True,
            )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _show_mistakes(title: str, mistakes: tuple[Mistake, ...]) -> None:
    from facestream.output import printable

    if not mistakes:
        return
    click.echo(f"\n{title}: {len(mistakes)}")
    for mistake in mistakes[:_SHOWN]:
        parts = ", ".join(f"{count} {printable(part)}" for part, count in mistake.parts[:_SHOWN])
        more = len(mistake.parts) - _SHOWN
        click.echo(f"  {printable(mistake.who)}: {parts}{f' and {more} more' if more > 0 else ''}")
    if len(mistakes) > _SHOWN:
        click.echo(f"  and {len(mistakes) - _SHOWN} more; --json has them all")
