from facestream.jobs.job_deaths import JobDeaths


def test_a_job_whose_process_dies_is_tried_again_ever_later_and_given_up_in_the_end() -> None:
    now_s = 0.0
    deaths = JobDeaths(lambda: now_s)
    assert deaths.is_due("j-1")
    waits = []
    while (wait_s := deaths.note("j-1")) is not None:
        waits.append(wait_s)
        assert not deaths.is_due("j-1")
        assert deaths.is_due("j-2")
        now_s += wait_s
        assert deaths.is_due("j-1")
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_job_that_came_to_its_end_begins_anew() -> None:
    deaths = JobDeaths(lambda: 0.0)
    for _ in range(20):
        assert deaths.note("j-1") == 1
        deaths.forget("j-1")
