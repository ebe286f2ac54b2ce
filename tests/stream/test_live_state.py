from hypothesis import given
from hypothesis import strategies as st

from stream.live_state import CameraState, LiveStateMachine, Transition

S = CameraState
EVENTS = ("connecting", "connected", "frame", "tick", "lost", "refused", "pause", "resume", "took", "damaged")

# Which states may follow which, whatever happens.
ALLOWED = {
    S.CONNECTING: {S.STREAMING, S.BACKING_OFF, S.FAILED, S.PAUSED},
    S.STREAMING: {S.STALLED, S.BACKING_OFF, S.FAILED, S.PAUSED},
    S.STALLED: {S.STREAMING, S.BACKING_OFF, S.FAILED, S.PAUSED},
    S.BACKING_OFF: {S.CONNECTING, S.STREAMING, S.BACKING_OFF, S.FAILED, S.PAUSED},
    S.FAILED: {S.STREAMING, S.BACKING_OFF, S.FAILED, S.PAUSED},
    S.PAUSED: {S.CONNECTING},
}


def _happen(machine: LiveStateMachine, event: str, now_s: float) -> Transition | None:
    match event:
        case "connected":
            machine.connected(now_s, "h264")
        case "frame":
            return machine.frame(now_s, (640, 360))
        case "lost":
            return machine.lost(now_s, "it ended the connection", hopeless=False)
        case "refused":
            return machine.lost(now_s, "wrong password", hopeless=True)
        case "took":
            machine.took(dropped=1)
        case "damaged":
            machine.damaged(2)
        case _:
            transition: Transition | None = getattr(machine, event)(now_s)
            return transition
    return None


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.floats(0, 10)), max_size=60))
def test_states_follow_each_other_as_allowed_and_counters_count(events: list[tuple[str, float]]) -> None:
    now_s = 1000.0
    machine = LiveStateMachine(now_s)
    for event, passed_s in events:
        now_s += passed_s
        before = machine.state
        transition = _happen(machine, event, now_s)
        status = machine.status(now_s)
        if transition is None:
            assert status.state is before
        else:
            assert (transition.before, transition.after) == (before, status.state)
            assert transition.after in ALLOWED[before]
            if not {before, status.state} <= {S.CONNECTING, S.BACKING_OFF, S.FAILED}:
                assert status.since_s == now_s
        assert status.fps_in >= 0
    names = [event for event, _ in events]
    final = machine.status(now_s)
    assert final.received == names.count("frame")
    assert (final.taken, final.dropped) == (names.count("took"), names.count("took"))
    assert final.corrupt == 2 * names.count("damaged")
    assert final.connects == names.count("connected")


def _streaming() -> LiveStateMachine:
    machine = LiveStateMachine(0.0)
    machine.connected(1.0, "hevc")
    assert machine.frame(1.5, (1920, 1080)) == Transition(S.CONNECTING, S.STREAMING, news=True)
    return machine


def test_a_camera_is_down_since_it_was_lost_however_often_it_is_tried() -> None:
    machine = _streaming()
    machine.lost(10.0, "lost", hopeless=False)
    for error, at_s in (("refused", 20.0), ("unreachable", 30.0), ("unreachable", 40.0)):
        machine.connecting(at_s)
        assert (machine.state, machine.status(at_s).since_s) == (S.CONNECTING, 10.0)
        machine.lost(at_s + 1, error, hopeless=False)
        assert (machine.state, machine.status(at_s).since_s) == (S.BACKING_OFF, 10.0)
    machine.lost(50.0, "no such user", hopeless=True)
    assert (machine.state, machine.status(50.0).since_s) == (S.FAILED, 10.0)
    machine.frame(60.0, (1920, 1080))
    assert machine.status(60.0).since_s == 60.0
    machine.lost(70.0, "lost", hopeless=False)
    assert machine.status(70.0).since_s == 70.0
    machine.pause(80.0)
    machine.resume(90.0)
    assert machine.status(90.0).since_s == 90.0


def test_a_silent_camera_is_stalled_after_three_seconds_and_streams_again_with_its_next_picture() -> None:
    machine = _streaming()
    assert machine.tick(4.4) is None
    assert machine.tick(4.5) == Transition(S.STREAMING, S.STALLED, news=True)
    assert machine.frame(6.0, (1920, 1080)) == Transition(S.STALLED, S.STREAMING, news=True)
    status = machine.status(6.0)
    assert (status.width_px, status.height_px, status.codec, status.last_frame_at_s) == (
        1920,
        1080,
        "hevc",
        6.0,
    )


def test_only_the_first_of_the_same_failures_is_news() -> None:
    machine = _streaming()
    news = []
    for attempt in range(3):
        lost = machine.lost(2.0 + attempt, "nobody listens", hopeless=False)
        again = machine.connecting(2.5 + attempt)
        assert lost is not None
        assert again is not None
        news.append((lost.news, again.news))
    other = machine.lost(9.0, "no answer", hopeless=False)
    assert other is not None

    assert news == [(True, False), (False, False), (False, False)]
    assert other.news


def test_a_camera_that_only_a_person_can_mend_stays_failed_until_it_shows_a_picture() -> None:
    machine = LiveStateMachine(0.0)
    assert machine.lost(1.0, "wrong password", hopeless=True) == Transition(S.CONNECTING, S.FAILED, news=True)
    assert machine.connecting(2.0) is None
    assert machine.lost(3.0, "wrong password", hopeless=True) is None
    assert machine.status(3.0).last_error == "wrong password"
    assert machine.frame(4.0, (2, 2)) == Transition(S.FAILED, S.STREAMING, news=True)


def test_what_comes_late_does_not_end_a_pause() -> None:
    machine = _streaming()
    machine.pause(2.0)
    assert machine.frame(2.1, (1920, 1080)) is None
    assert machine.lost(2.2, "it ended the connection", hopeless=False) is None
    assert machine.connecting(2.3) is None
    assert machine.status(2.3).state is S.PAUSED
    assert machine.resume(3.0) == Transition(S.PAUSED, S.CONNECTING, news=True)


def test_the_rate_is_that_of_the_last_five_seconds() -> None:
    machine = LiveStateMachine(0.0)
    machine.connected(0.0, "h264")
    for number in range(200):
        machine.frame(number / 10, (2, 2))

    assert abs(machine.status(19.95).fps_in - 10) < 0.3
    assert abs(machine.status(22.45).fps_in - 5) < 0.3
    assert machine.status(30.0).fps_in == 0
