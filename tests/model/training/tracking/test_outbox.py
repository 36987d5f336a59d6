"""Runs wait whole, or not at all, until every tracker has them."""

from dataclasses import replace

import pytest

from model.training.tracking import sending
from model.training.tracking.outbox import Outbox
from model.training.tracking.run import Run, Sent
from model.training.tracking.trackers import NotTakenError


class Fake:
    """A tracker in memory, which refuses while `down` says why."""

    where = "memory"

    def __init__(self, down: str = "") -> None:
        self.down = down
        self.runs: list[str] = []

    def send(self, run: Run) -> Sent:
        if self.down:
            raise NotTakenError(self.down)
        self.runs.append(run.id)
        return Sent(f"run of {run.id}", "1")


@pytest.fixture
def outbox(tmp_path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def waiting(outbox):
    return [outbox.read(name) for name in outbox.ids()]


def test_a_run_comes_back_as_it_was_kept(run, outbox):
    outbox.keep(run, ("mlflow", "wandb"))
    assert waiting(outbox) == [(run, ("mlflow", "wandb"))]


def test_it_waits_for_each_tracker_and_goes_with_the_last(run, outbox):
    outbox.keep(run, ("mlflow", "wandb"))
    outbox.sent(run, "mlflow")
    assert waiting(outbox) == [(run, ("wandb",))]
    outbox.sent(run, "wandb")
    assert outbox.ids() == []
    assert list(outbox.folder.iterdir()) == []


def test_a_half_written_run_is_none(run, outbox):
    (outbox.folder / f".{run.id}.1" / "files").mkdir(parents=True)
    assert outbox.ids() == []


def test_a_run_that_cannot_be_kept_is_a_warning_and_leaves_nothing(run, tmp_path):
    (tmp_path / "outbox").write_text("a file where the folder should be")
    warning = sending.keep(run, ("mlflow",), Outbox(tmp_path / "outbox"))
    assert "could not be kept" in warning
    assert "No tracker was asked" in warning


def test_nobody_waits_where_no_tracker_is_wanted(run, outbox):
    assert sending.keep(run, (), outbox) == ""
    assert outbox.ids() == []


def test_one_tracker_that_is_down_costs_its_own_record_alone(run, outbox):
    up, down = Fake(), Fake("no answer")
    sending.keep(run, ("mlflow", "wandb"), outbox)
    tracked = sending.send(run, {"mlflow": up, "wandb": down}, outbox)
    assert tracked.sent == {"mlflow": Sent(f"run of {run.id}", "1")}
    [warning] = tracked.warnings
    assert warning.startswith("wandb at memory did not record the run: no answer.")
    assert warning.endswith(sending.RESEND)

    down.down = ""
    assert [name for name, _ in sending.resend(run.service, {"mlflow": up, "wandb": down}, outbox)] == [
        run.id
    ]
    assert (up.runs, down.runs, outbox.ids()) == ([run.id], [run.id], [])


def test_what_waits_is_sent_oldest_first(run, outbox):
    tracker = Fake()
    for name in ("b", "a", "c"):
        outbox.keep(replace(run, id=name), ("mlflow",))
    sending.resend(run.service, {"mlflow": tracker}, outbox)
    assert tracker.runs == ["a", "b", "c"]


def test_a_damaged_run_is_named_and_those_after_it_are_sent(run, outbox):
    for name in ("a", "b"):
        outbox.keep(replace(run, id=name), ("mlflow",))
    (outbox.folder / "a" / "run.json").write_bytes(b"{")
    tracker = Fake()
    [(damaged, told), (whole, _)] = sending.resend(run.service, {"mlflow": tracker}, outbox)
    assert (damaged, whole, tracker.runs) == ("a", "b", ["b"])
    assert "a holds no whole run" in told.warnings[0]


def test_another_services_run_goes_on_waiting(run, outbox):
    outbox.keep(run, ("mlflow",))
    assert sending.resend("cancellations", {"mlflow": Fake()}, outbox) == []
    assert outbox.ids() == [run.id]


def test_a_run_whose_model_was_not_written_is_forgotten(run, outbox):
    outbox.keep(run, ("mlflow",))
    outbox.forget(run)
    assert outbox.ids() == []


def test_a_parameter_that_is_no_json_costs_the_record_alone(run, outbox):
    odd = replace(run, parameters={"missing": float("nan")})
    assert "could not be kept" in sending.keep(odd, ("mlflow",), outbox)
    assert outbox.ids() == []
