"""`./slipway monitor` over fakes: what it says, and what it ends with."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from monitoring.drawing import drift_page
from monitoring.operations.truth import Sources
from monitoring.storage.answered import AnsweredTables
from monitoring.storage.lock import RecordsLock
from monitoring.storage.quality_book import QualityBook
from monitoring.storage.rows import RowTables
from monitoring.storage.truth import TruthFolder
from release.domain.errors import ServiceError
from release.domain.names import OWN_REQUEST
from release.domain.stage import RetrainSettings
from scripts import monitor, retrain
from scripts.shared import cli
from tests.fakes.findings import Stage
from tests.monitoring.captured import HOUR, REFERENCE, ROW, SCHEMA, Scene, line, rows, scores
from tests.monitoring.operations.test_deciding import fill
from tests.release.scenes import ENDPOINT


@pytest.fixture
def scene(monkeypatch, request):
    """Its release has the reference that a test asks for."""
    found = Scene(reference=getattr(request, "param", REFERENCE))
    stage = Stage(found.stage)
    found.shelf = stage.shelf
    monkeypatch.setattr("monitoring.connect.room", lambda tell, name: stage.room)
    monkeypatch.setattr("monitoring.connect.captured", lambda ports, endpoint: found.records)
    monkeypatch.setattr("tests.fakes.findings.Shelf.now", lambda shelf: HOUR + timedelta(minutes=150))
    return found


@pytest.fixture
def run(capsys):
    def one(*argv: str):
        return cli.execute(monitor.COMMAND, ["prod", *argv]), *capsys.readouterr()

    return one


def test_hours_are_read_and_what_cannot_be_told_yet_is_said(scene, run):
    fill(scene, 0, 2)
    code, out, err = run()
    assert code == 0
    assert "2 hours of delays in prod read, up to 2026-01-01 14h: 600 rows" in " ".join(out.split())
    assert "not known: No whole day is counted yet" in " ".join(out.split())
    assert "✓" not in out, "it is too early to say that nothing has drifted"
    assert "2026-01-01 12h 1 of 2: 300 rows" in err
    _, out, _ = run()
    assert "the next hour is complete at 15:20 UTC" in out
    code, out, _ = run("--json")
    found = json.loads(out)
    assert (code, found["hours"], found["findings"]) == (0, [], [])
    assert found["next_at"] == "2026-01-01T15:20:00+00:00"


def test_records_that_say_nothing_need_a_person(scene, run):
    scene.capture(line(rows(ROW), scores(0.5), "a"), b"half")
    code, out, _ = run()
    assert code == 3
    words = " ".join(out.split())
    assert "1 records say nothing, and were set aside" in words
    assert "capture captured line that is no record" in words


def test_what_a_person_closed_needs_nobody_while_it_goes_on_and_anything_else_does(scene, run):
    scene.capture(line(rows(ROW), scores(0.5), "a"), b"half")
    assert run()[0] == 3
    [kept] = scene.shelf.findings.open()
    scene.shelf.findings.close(kept.id, "a client that is being mended")
    code, out, _ = run()
    assert (code, "✓" in out) == (0, False)
    words = " ".join(out.split())
    assert (
        f"capture captured line that is no record: {kept.finding.summary} A person closed {kept.id}" in words
    )
    found = json.loads(run("--json")[1])
    assert [one["id"] for one in found["findings"]] == found["dismissed"] == [kept.id]
    scene.capture(line(rows(ROW), scores(0.1, 0.2), "b"))
    code, out, _ = run("--again", "2026-01-01T12")
    assert code == 3, "another cause is another finding"
    assert f"A person closed {kept.id}" in " ".join(out.split())


def test_answers_to_our_own_requests_are_no_rows_and_that_is_said(scene, run):
    scene.capture(line(rows(ROW), scores(0.5), "a", inference=OWN_REQUEST), line(rows(ROW), scores(0.5), "b"))
    code, out, _ = run()
    words = " ".join(out.split())
    assert (code, "up to 2026-01-01 14h: 1 rows" in words) == (0, True)
    assert "1 answers to golden requests and ./slipway invoke are not counted" in words


def test_late_files_are_named_with_the_command_that_reads_them(scene, run):
    fill(scene, 0, 2)
    run()
    scene.capture(line(rows(ROW), scores(0.5), "late"), name="late")
    code, out, _ = run()
    assert "1 files came late for 2026-01-01T12: ./slipway monitor prod --endpoint delays --late" in " ".join(
        out.split()
    )
    code, out, _ = run("--late", "--json")
    assert (code, json.loads(out)["hours"][0]["rows"]) == (0, 301)


def test_one_hour_is_read_again_on_request_and_none_that_is_not_over(scene, run):
    fill(scene, 0, 2)
    run()
    code, out, _ = run("--again", "2026-01-01T12", "--json")
    assert (code, [one["hour"] for one in json.loads(out)["hours"]]) == (0, ["2026-01-01T12:00:00+00:00"])
    code, _, err = run("--again", "2026-01-01T14")
    assert (code, "is not complete" in err) == (2, True)


def test_hours_that_were_left_out_are_named_until_they_are_read(scene, run, monkeypatch):
    fill(scene, 0, 2)
    run("--until", "2026-01-01T13")
    monkeypatch.setattr("tests.fakes.findings.Shelf.now", lambda shelf: HOUR + timedelta(minutes=270))
    code, out, _ = run("--since", "2026-01-01T14")
    assert "2026-01-01T13 was not read, so no hour from there on is decided" in " ".join(out.split())
    assert code == 3, "what is not decided is no health"
    code, out, _ = run("--json")
    assert (code, json.loads(out)["gap"]) == (0, None)


@pytest.fixture
def at(monkeypatch):
    def one(hours: float):
        monkeypatch.setattr("tests.fakes.findings.Shelf.now", lambda shelf: HOUR + timedelta(hours=hours))

    return one


@pytest.mark.parametrize("scene", [REFERENCE, ""], indirect=True)
@pytest.mark.parametrize("captured", [0, 1])
def test_silence_is_told_as_that_and_never_as_health(scene, run, at, captured):
    """Of a release with a reference and without one, whether it ever brought a record or not."""
    fill(scene, 0, captured)
    for hours in (2.5, 24.5):
        at(hours)
        code, out, _ = run()
        words = " ".join(out.split())
        assert (code, "✓" in words, "not known:" in words) == (0 if captured else 3, False, True)
    at(25.5)
    for _ in range(2):
        code, out, _ = run()
        assert (code, "✓" in out) == (3, False)
        assert "no row was captured for a day: nothing was judged" in " ".join(out.split())
    assert json.loads(run("--json")[1])["silent"] is True


def test_days_without_drift_are_no_health_when_rows_no_longer_come(scene, run, at):
    for day in range(4):
        fill(scene, 24 * day, 24 * day + 2)
    at(84.5)
    code, out, _ = run()
    assert (code, "✓ no finding in 3 days of delays in prod" in " ".join(out.split())) == (0, True)
    at(98.5)
    code, out, _ = run()
    assert (code, "✓" in out) == (3, False)


def test_a_bucket_that_refuses_is_a_failure_of_aws_and_what_was_read_stays_read(scene, run, at):
    fill(scene, 0, 3)
    run()
    at(3.5)
    for prefix in ("some/answers/", f"monitoring/{ENDPOINT}/"):
        scene.s3.denied = prefix
        code, out, err = run()
        assert (code, out, "AccessDenied" in err) == (4, "", True)
    scene.s3.denied = ""
    code, out, _ = run("--json")
    assert (code, [one["rows"] for one in json.loads(out)["hours"]]) == (0, [300])


def test_what_is_no_hour_is_refused(run):
    with pytest.raises(SystemExit) as end:
        run("--since", "noon")
    assert end.value.code == 2


@pytest.fixture
def truth(scene, monkeypatch):
    """The stage's file says where truth lies: in the bucket of the captured records."""
    file, bucket = scene.stage.file, scene.stage.artifacts.bucket
    settings = file.endpoints[ENDPOINT]
    told = settings.monitoring.quality.model_copy(update={"truth": "s3://kept/truth", "least_rows": 1})
    watched = settings.monitoring.model_copy(update={"quality": told})
    file.endpoints[ENDPOINT] = settings.model_copy(update={"monitoring": watched})
    sources = Sources(
        AnsweredTables(scene.s3, bucket, ENDPOINT),
        TruthFolder(scene.s3, "s3://kept/truth"),
        QualityBook(scene.s3, bucket, ENDPOINT),
    )
    monkeypatch.setattr("monitoring.connect.truth", lambda ports, endpoint: sources)


def test_quality_is_told_in_the_same_look_where_truth_is(scene, run, truth):
    fill(scene, 0, 2)
    _, out, _ = run()
    assert f"delays {scene.pin.release}: 0 of 0 settled rows have a label" in " ".join(out.split())
    assert "nothing alarms" not in out, "nothing was judged"
    code, out, _ = run("--json")
    assert (code, json.loads(out)["quality"]["quality"]["labelled"]) == (0, 0)


def test_while_records_are_forgotten_no_label_is_looked_at_and_the_look_is_to_be_begun_again(
    scene, run, truth
):
    fill(scene, 0, 2)
    run()
    with RecordsLock(scene.s3, scene.stage.artifacts.bucket, ENDPOINT).exclusive("an order"):
        code, out, _ = run()
        scheduled, _, _ = run("--scheduled")
    assert (code, scheduled) == (4, 4)
    assert "quality was not measured: Captured records of delays are being forgotten" in " ".join(out.split())
    assert (run()[0], run("--scheduled")[0]) == (0, 0)


def test_without_truth_quality_is_not_spoken_of(scene, run):
    fill(scene, 0, 2)
    assert json.loads(run("--json")[1])["quality"] is None


def test_truth_that_cannot_be_read_hides_nothing_that_the_hours_show(scene, run, truth, monkeypatch):
    scene.capture(line(rows(ROW), scores(0.5), "a"), b"half")

    def truth(ports, endpoint):
        raise ServiceError("S3 does not answer.", "Nothing was read.", "Run it again.")

    monkeypatch.setattr("monitoring.connect.truth", truth)
    code, out, _ = run()
    assert code == 3
    assert "capture captured line that is no record" in " ".join(out.split())
    assert "quality was not measured: S3 does not answer. Run it again." in " ".join(out.split())


@pytest.fixture
def asks(scene):
    """A finding of capture asks this stage for a retrain."""
    scene.stage.retrain = RetrainSettings(on=("capture",))
    scene.capture(line(rows(ROW), scores(0.5), "a"), b"half")


def test_a_finding_that_asks_for_a_retrain_is_named_with_the_command(scene, run, asks):
    code, out, _ = run()
    assert code == 3
    assert "asks for a retrain: ./slipway retrain prod --endpoint delays --finding " in " ".join(out.split())


def test_the_retrain_begins_at_once_on_request_and_ends_as_it_does(run, asks, monkeypatch):
    begun = []
    command = replace(retrain.COMMAND, work=lambda args, out: begun.append(args) or 1)
    monkeypatch.setattr(retrain, "COMMAND", command)
    code, out, _ = run("--retrain", "--json")
    assert (code, [(one.stage, one.endpoint, one.finding) for one in begun]) == (
        1,
        [("prod", "delays", json.loads(out)["asks"]["finding"])],
    )


def test_no_retrain_begins_where_nothing_asks_for_one(scene, run, monkeypatch):
    monkeypatch.setattr(retrain, "COMMAND", replace(retrain.COMMAND, work=lambda *of: pytest.fail("begun")))
    fill(scene, 0, 2)
    assert run("--retrain")[0] == 0


def test_a_page_that_nobody_could_draw_is_refused_before_anything_is_read(scene, run, monkeypatch, tmp_path):
    monkeypatch.setattr(drift_page, "installed", partial(drift_page.installed, tmp_path))
    code, _, err = run("--report", str(tmp_path / "page.html"))
    assert (code, scene.kept("hours")) == (2, [])
    assert "make drift-report-tools" in err


def test_the_page_shows_the_newest_rows_beside_the_sample(scene, run, monkeypatch, tmp_path):
    fill(scene, 0, 2)
    drawn = []
    monkeypatch.setattr("monitoring.drawing.drift_page.installed", lambda *of: tmp_path)
    monkeypatch.setattr("monitoring.drawing.drift_page.draw", lambda *of: drawn.append(of))
    monkeypatch.setattr(
        "monitoring.connect.rows",
        lambda ports, endpoint: RowTables(scene.s3, scene.stage.artifacts.bucket, endpoint),
    )
    code, _, err = run("--report", "page.html")
    assert code == 0, err
    [(sample, schema, table, page)] = drawn
    assert (code, str(page), "newest 600 rows" in err) == (0, "page.html", True)
    assert (sample.decode(), json.loads(schema)) == (REFERENCE, SCHEMA)
    head, *lines = table.decode().splitlines()
    assert (set(head.replace('"', "").split(",")), len(lines)) == (
        {"carrier", "distance", "gust", "score"},
        600,
    )
