"""facestream cluster-worker: people out of what workers send."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from facestream.cli import own_models_option, place_options, verbosity_options
from facestream.commands.began_option import began_option
from facestream.commands.duration_option import duration_option
from facestream.commands.metrics_option import metrics_option, metrics_table
from facestream.commands.watch import listening
from facestream.configuration.settings import Place
from facestream.processes.alarm import alarm
from facestream.processes.stopping import stopping

_CHECK_EVERY_S = 0.5


@click.command(
    name="cluster-worker",
    epilog="""\b
Examples:
  facestream cluster-worker
  facestream cluster-worker --redis redis://store:6379/0 --collection lobby

\b
Exit codes: 0 ended by Ctrl-C, SIGTERM or --for, 1 something failed, 2 wrong usage.
""",
)
@duration_option
@own_models_option
@metrics_option
@began_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for what happens.")
@place_options()
@verbosity_options
def command(**options: Any) -> None:
    """Find the people in what `worker` processes send; `watch` and `run` do so by themselves.

    One at a time leads each collection. Any more stand by, and the first of them takes over within seconds
    when the one that leads ends or is killed. Nothing of what was sent is lost meanwhile.
    """
    place = Place.of(options["data_dir"], options["redis_url"], options["collection"])
    from facestream.wiring import keys_of, open_handle

    keys = keys_of(place)
    with ExitStack() as stack:
        handle = stack.enter_context(open_handle(place))
        stack.enter_context(handle.errors())
        listener = stack.enter_context(
            listening(as_json=options["as_json"], quiet=options["quiet"], live=False, told=())
        )
        stop = stack.enter_context(stopping())
        for warning in handle.warnings:
            listener.note(warning)
        from facestream.metrics.monitored import monitored

        table = metrics_table(options["metrics_port"])
        monitor = stack.enter_context(monitored("cluster-worker", place, handle, table, collection=True))
        from facestream.clusters.background import Background
        from facestream.clusters.cluster_wiring import make_cluster_worker, make_clusterer
        from facestream.configuration.given_settings import settings
        from facestream.erasure.leftovers import Sweeper
        from facestream.erasure.retention import given_policy
        from facestream.models.own_models import models_for
        from facestream.wiring import calibration_of, facts_of, find_parts, make_store

        store = make_store(handle, keys)
        models = models_for(store, place, options["pack"])
        parts = find_parts(models, place.data_dir)
        calibration = calibration_of(parts)
        make_clusterer(store.clustering(), parts.manifest, calibration)
        store.claim_model(parts.manifest.model_id, facts_of(parts, models), models, began=options["began"])
        # What is set counts for whatever cameras it is that others look at.
        store.keep_retention(given_policy(), began=options["began"])
        worker = make_cluster_worker(
            handle,
            keys,
            parts.manifest,
            calibration,
            on_lead=listener.leads,
            on_erased=Sweeper(handle, place).wake,
            recluster_every_s=settings().watch.recluster_every_s,
            metrics=None if monitor is None else monitor.metrics,
            began=options["began"],
        )
        background = stack.enter_context(Background(worker, handle, lasting=True))
        stack.enter_context(alarm(options["for_s"], stop))
        while not stop.wait(_CHECK_EVERY_S):
            background.check()
            if monitor is not None:
                monitor.heartbeat.beat()
