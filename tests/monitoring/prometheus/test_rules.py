"""When alerts ring, by Prometheus's own unit tests of rules: generated series in, ringing alerts out."""

from dataclasses import replace

import pytest

from monitoring.prometheus.watched import Watched
from release.domain.monitoring import Objectives
from release.domain.paging import Paging
from tests.monitoring.prometheus.rule_tests import HOUR, MINUTE, STEP, WATCHED, Life, assert_rings, run

ERRORS, SLOW, INVALID = "SlipwayErrorBudgetBurn", "SlipwayLatencyBudgetBurn", "SlipwayInvalidPredictions"
ALL_DOWN = "SlipwayAllContainersDown"
PAGE, TICKET = "page", "ticket"
TEN = 10 * MINUTE


def both(name: str, variant: str = "live") -> set[tuple[str, str, str]]:
    """Of series that began shortly before, the ticket's windows hold nothing else than the page's."""
    return {(name, variant, PAGE), (name, variant, TICKET)}


def latencies(life: Life, fast: float, slow: float, steps: int, slow_bounds: tuple[str, ...] = ()) -> Life:
    """Answers of which some are within 300 ms; the slow ones are below these bounds alone."""
    metric = "slipway_request_seconds"
    life.counts(f"{metric}_count", (fast + slow, steps))
    for bound in ("0.25", "0.3", "0.4"):
        below = fast + slow if bound in slow_bounds else fast
        life.counts(f"{metric}_bucket", (below, steps), le=bound)
    return life


def test_an_endpoint_exactly_at_its_objectives_rings_nothing(tmp_path):
    life = latencies(Life().answered((199, 1, TEN)), 99, 1, TEN)
    assert_rings(tmp_path, life, {5 * MINUTE: set(), TEN - 1: set()})


@pytest.mark.long
def test_an_endpoint_exactly_at_its_objectives_rings_nothing_in_seven_hours(tmp_path):
    life = latencies(Life().answered((199, 1, 7 * HOUR)), 99, 1, 7 * HOUR)
    assert_rings(tmp_path, life, {HOUR: set(), 3 * HOUR: set(), 7 * HOUR - 1: set()})


def test_an_outage_pages_within_two_minutes(tmp_path):
    life = Life().answered((100, 0, TEN), (0, 100, 3 * MINUTE))
    assert_rings(tmp_path, life, {TEN: set(), TEN + 2 * MINUTE: both(ERRORS)})


@pytest.mark.long
def test_a_minute_that_matters_little_pages_nobody(tmp_path):
    """Half of it fails: a tenth of five minutes, and a fiftieth of all there was."""
    steps = 20 * MINUTE
    life = Life().answered((100, 0, steps), (50, 50, MINUTE), (100, 0, MINUTE))
    assert_rings(tmp_path, life, {steps: set(), steps + MINUTE: {(ERRORS, "live", TICKET)}})


@pytest.mark.long
def test_after_healthy_hours_a_page_comes_as_soon_and_ends_within_its_short_window(tmp_path):
    life = Life().answered((100, 0, 3 * HOUR), (0, 100, 3 * MINUTE), (100, 0, HOUR))
    down, up = 3 * HOUR + 2 * MINUTE, 3 * HOUR + 3 * MINUTE
    found = {3 * HOUR: set(), down: both(ERRORS), up + 2 * MINUTE: {(ERRORS, "live", TICKET)}}
    assert_rings(tmp_path, life, found)


def test_a_candidate_that_fails_alone_is_the_one_that_is_named_with_the_command_that_takes_it_back(tmp_path):
    life = Life().answered((95, 0, TEN)).answered((0, 5, TEN), variant="candidate")
    assert_rings(tmp_path, life, {TEN - 1: both(ERRORS, "candidate")})
    said = {
        "summary": "delays in prod: the candidate release fails 100% of its requests; "
        "99.5 % shall be answered.",
        "next_step": "./slipway abort prod --endpoint delays",
    }
    labels = {"stage": "prod", "endpoint": "delays", "variant": "candidate"}
    rings = [
        {"exp_labels": {**labels, "severity": severity}, "exp_annotations": said}
        for severity in (PAGE, TICKET)
    ]
    test = {"eval_time": f"{(TEN - 1) * STEP}s", "alertname": ERRORS, "exp_alerts": rings}
    run(tmp_path, life, {"alert_rule_test": [test]})


def test_a_candidate_in_lives_shadow_that_fails_pages_nobody_as_nobody_gets_its_answers(tmp_path):
    watched = replace(WATCHED, shadow=True)
    life = Life().answered((95, 0, TEN)).answered((0, 5, TEN), variant="candidate")
    assert_rings(tmp_path, life, {TEN - 1: set()}, watched)
    life = Life().answered((0, 95, TEN)).answered((0, 5, TEN), variant="candidate")
    assert_rings(tmp_path, life, {TEN - 1: both(ERRORS)}, watched)


def test_few_requests_page_nobody_even_if_most_fail(tmp_path):
    """One a minute, and eight in ten minutes fail."""
    minutes = [
        phase for failed in (0, 1, 1, 1, 0, 1, 1, 1, 1, 1) for phase in ((1 - failed, failed, 1), (0, 0, 3))
    ]
    life = Life().answered(*minutes)
    assert_rings(tmp_path, life, {5 * MINUTE: set(), TEN - 1: set()})


@pytest.mark.long
def test_a_server_that_is_started_again_has_lost_no_request_and_failed_none(tmp_path):
    """Its counters begin at 0 again."""
    life = Life().answered((100, 0, 5 * MINUTE)).answered((100, 0, 5 * MINUTE))
    series = life.series()
    for each in series:
        each["values"] += " " + each["values"]
    assert_rings(tmp_path, life, {2 * 5 * MINUTE - 1: set()})


@pytest.mark.parametrize(
    ("milliseconds", "rings"),
    [
        (390, True),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in ((300, True), (400, False), (399.9, False))
        ),
    ],
)
def test_half_of_the_answers_between_300_and_400_ms_are_slow_by_objectives_below(
    tmp_path, milliseconds, rings
):
    """Between two bounds of the histogram they are taken to lie evenly: 5 % of them are above 390 ms."""
    life = latencies(Life().answered((100, 0, TEN)), 50, 50, TEN, slow_bounds=("0.4",))
    watched = Watched("prod", "delays", Objectives(latency_ms=milliseconds, latency_percent=99.9))
    assert_rings(tmp_path, life, {TEN - 1: both(SLOW) if rings else set()}, watched)


@pytest.mark.long
def test_predictions_that_are_no_number_page(tmp_path):
    life = latencies(Life().answered((100, 0, TEN)), 100, 0, TEN)
    life.counts("slipway_invalid_total", (30, TEN))
    assert_rings(tmp_path, life, {TEN - 1: both(INVALID)})


def test_what_the_front_saw_counts_where_it_sees_more_than_the_containers(tmp_path):
    """They crash while they answer: the front has no answer, and they counted nothing."""
    life = Life().answered((50, 0, TEN))
    life.counts("front_requests_total", (50, TEN), status="200").counts(
        "front_requests_total", (50, TEN), status="0"
    )
    assert_rings(tmp_path, life, {TEN - 1: both(ERRORS)})


@pytest.mark.long
def test_what_the_front_asked_again_and_got_is_no_error(tmp_path):
    """Callers never saw what the containers counted."""
    life = Life().answered((80, 20, TEN)).counts("front_requests_total", (80, TEN), status="200")
    assert_rings(tmp_path, life, {TEN - 1: set()})


@pytest.mark.long
def test_what_callers_did_wrong_is_no_error(tmp_path):
    life = Life().answered((100, 0, TEN))
    life.counts("slipway_requests_total", (100, TEN), path="invocations", status="400")
    assert_rings(tmp_path, life, {TEN - 1: set()})


@pytest.mark.long
def test_pings_and_scrapes_are_no_requests(tmp_path):
    life = (
        Life().answered((100, 0, TEN)).counts("slipway_requests_total", (100, TEN), path="ping", status="503")
    )
    assert_rings(tmp_path, life, {TEN - 1: set()})


def test_when_no_container_answers_somebody_is_paged_after_a_minute(tmp_path):
    life = Life().shows("up", (1, TEN), (0, 3 * MINUTE), job="slipway")
    found = {TEN: set(), TEN + MINUTE - 1: set(), TEN + MINUTE: {(ALL_DOWN, "live", PAGE)}}
    assert_rings(tmp_path, life, found)


def test_when_nobody_even_lists_a_container_of_the_live_release_it_is_the_same(tmp_path):
    life = Life().shows("up", (1, 2 * MINUTE), variant="candidate", job="slipway")
    assert_rings(tmp_path, life, {2 * MINUTE - 1: {(ALL_DOWN, "live", PAGE)}})


@pytest.mark.long
def test_one_of_two_containers_down_is_a_ticket(tmp_path):
    life = Life().shows("up", (1, TEN), job="slipway", instance="one")
    life.shows("up", (0, TEN), job="slipway", instance="two")
    assert_rings(tmp_path, life, {TEN - 1: {("SlipwayContainerDown", "live", TICKET)}})


def test_silence_pages_where_callers_are_never_silent_for_so_long(tmp_path):
    life = Life().answered((10, 0, TEN), (0, 0, 7 * MINUTE))
    page = {("SlipwayNoTraffic", "live", PAGE)}
    watched = Watched("prod", "delays", Objectives(), Paging(silence_minutes=5))
    found = {4 * MINUTE: set(), TEN + 4 * MINUTE: set(), TEN + 6 * MINUTE: page}
    assert_rings(tmp_path, life, found, watched)


@pytest.mark.long
def test_a_release_that_nobody_asked_yet_is_not_silent_before_its_time(tmp_path):
    watched = Watched("prod", "delays", Objectives(), Paging(silence_minutes=5))
    life = Life().answered((0, 0, 7 * MINUTE))
    page = {("SlipwayNoTraffic", "live", PAGE)}
    assert_rings(tmp_path, life, {4 * MINUTE: set(), 6 * MINUTE: page}, watched)


@pytest.mark.long
def test_silence_is_as_good_as_any_where_nothing_is_said_of_it(tmp_path):
    life = Life().answered((10, 0, TEN), (0, 0, HOUR))
    assert_rings(tmp_path, life, {TEN + HOUR - 1: set()})


@pytest.mark.parametrize(("tell", "severities"), [("pages", {PAGE}), ("nothing", set())])
def test_who_wants_to_hear_of_less_does(tmp_path, tell, severities):
    life = Life().answered((0, 10, 5 * MINUTE))
    found = {each for each in both(ERRORS) if each[2] in severities}
    watched = Watched("prod", "delays", Objectives(), Paging(tell=tell))
    assert_rings(tmp_path, life, {5 * MINUTE - 1: found}, watched)


def test_busy_workers_waiting_requests_restarts_and_lost_windows_are_tickets(tmp_path):
    steps = 20 * MINUTE
    life = Life().answered((100, 0, steps)).shows("slipway_workers", (2, steps))
    for worker in ("0", "1"):
        life.counts("slipway_worker_cpu_seconds_total", (0.95 * STEP, steps), worker=worker)
    life.shows("slipway_in_flight", (20, steps)).counts("slipway_windows_dropped_total", (1, steps))
    life.counts("slipway_capture_lost_total", (1, steps))
    life.shows("slipway_worker_start_time_seconds", *((at, 8) for at in range(10)), worker="0")
    lost = ("SlipwayWindowsDropped", "SlipwayCaptureLost")
    names = ("SlipwayWorkersBusy", "SlipwayRequestsWaiting", "SlipwayWorkersRestart", *lost)
    assert_rings(tmp_path, life, {steps - 1: {(name, "live", TICKET) for name in names}})


@pytest.mark.long
@pytest.mark.parametrize(("middle", "rings"), [(30, True), (80, False)])
def test_scores_that_moved_since_a_day_are_a_ticket(tmp_path, middle, rings):
    """Of 100 scores 80 were below the middle, and 30 are."""
    step = 240
    hour, day = 3600 // step, 86_400 // step
    life = Life().answered((100, 0, day + hour))
    life.counts("slipway_score_count", (100, day + hour))
    life.counts("slipway_score_bucket", (100, day + hour), le="+Inf")
    life.counts("slipway_score_bucket", (80, day - hour), (middle, 2 * hour), le="0.5")
    ticket = {("SlipwayScoresMoved", "live", TICKET)} if rings else set()
    assert_rings(tmp_path, life, {day + hour - 1: ticket}, step=step)
