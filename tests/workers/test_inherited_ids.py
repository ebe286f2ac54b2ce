"""People stay who they were when somebody last looked, whatever a first guess gave them since."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cluster_bench import Bench
from decider import Decider
from synthetic import CALIBRATION, Cast

from workers.clustering.clusterer import TrackClusterer
from workers.clustering.partition import Partition


class Told(TrackClusterer):
    """Finds what it is told, else what it finds."""

    def __init__(self, told: list[Partition]) -> None:
        super().__init__(CALIBRATION)
        self.told = told

    def recluster(
        self, settled: Mapping[str, str], named: Collection[str] = (), *began_s: Mapping[str, float]
    ) -> Partition:
        return self.told.pop(0) if self.told else super().recluster(settled, named, *began_s)


def apart(*clusters: set[str]) -> Partition:
    return Partition(tuple(sorted(tuple(sorted(cluster)) for cluster in clusters)), ())


def test_a_name_stays_with_the_face_that_it_was_given_to(bench: Bench) -> None:
    told: list[Partition] = []
    cast = Cast()
    with bench.running(lambda: Told(told)):
        bench.take_in(cast.track(0, 0), recluster=True)
        assert bench.log.rename("p1", "Ada")
        # Guessed to be hers at first, and far more of them than were there when she was named.
        bench.take_in(*(cast.track(0, k, frames=30) for k in range(1, 5)))
        assert bench.members("p1") == set(cast.person_of)
        others = set(cast.person_of) - {"v-1.0.0"}
        told.append(apart({"v-1.0.0"}, others))
        bench.take_in(recluster=True)
        assert bench.people() == {"p1": {"v-1.0.0"}, "p2": others}
        assert bench.store.names() == {"p1": "Ada"}
    bench.assert_consistent()


def test_it_does_so_in_another_worker(bench: Bench) -> None:
    told: list[Partition] = []
    cast = Cast()
    with bench.running(lambda: Told(told)):
        bench.take_in(cast.track(0, 0), recluster=True)
        bench.take_in(*(cast.track(0, k, frames=30) for k in range(1, 5)))
    others = set(cast.person_of) - {"v-1.0.0"}
    told.append(apart({"v-1.0.0"}, others))
    with bench.running(lambda: Told(told)):
        bench.take_in(recluster=True)
        assert bench.people() == {"p1": {"v-1.0.0"}, "p2": others}
    bench.assert_consistent()


def test_what_was_split_off_stays_who_it_was_split_off_as(bench: Bench, decide: Decider) -> None:
    told: list[Partition] = []
    cast = Cast()
    with bench.running(lambda: Told(told)):
        bench.take_in(cast.track(0, 0), cast.track(0, 1), recluster=True)
        number, new = decide.split("p1", "v-1.1.0")
        bench.take_in(*(cast.track(0, k, frames=30) for k in range(2, 6)))
        guessed = set(cast.person_of) - {"v-1.0.0", "v-1.1.0"}
        assert guessed <= bench.members("p1") | bench.members(new)
        told.append(apart({"v-1.0.0"}, {"v-1.1.0"}, guessed))
        bench.take_in(recluster=True)
        assert bench.members("p1") == {"v-1.0.0"}
        assert bench.members(new) == {"v-1.1.0"}
        # Nobody else comes along when it is taken back.
        decide.undo(number)
        assert bench.members("p1") == {"v-1.0.0", "v-1.1.0"}
    bench.assert_consistent()


def test_among_equals_the_guessed_ones_decide(bench: Bench) -> None:
    told: list[Partition] = []
    cast = Cast()
    with bench.running(lambda: Told(told)):
        bench.take_in(cast.track(0, 0), cast.track(0, 1), recluster=True)
        bench.take_in(cast.track(0, 2))
        told.append(apart({"v-1.0.0"}, {"v-1.1.0", "v-1.2.0"}))
        bench.take_in(recluster=True)
        assert bench.people() == {"p1": {"v-1.1.0", "v-1.2.0"}, "p2": {"v-1.0.0"}}
    bench.assert_consistent()


def test_where_all_is_a_guess_most_faces_decide(bench: Bench) -> None:
    told = [apart({"v-1.0.0"}, {"v-1.1.0", "v-1.2.0"})]
    cast = Cast()
    with bench.running(lambda: Told(told)):
        bench.take_in(*(cast.track(0, k) for k in range(3)), recluster=True)
        assert bench.people() == {"p1": {"v-1.1.0", "v-1.2.0"}, "p2": {"v-1.0.0"}}
    bench.assert_consistent()
