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


def test_a_run_comes_back_as_it_was_kept(run, outbox):
    outbox.keep(run, ("mlflow", "wandb"))
    assert list(outbox.runs()) == [(run, ("mlflow", "wandb"))]


def test_it_waits_for_each_tracker_and_goes_with_the_last(run, outbox):
    outbox.keep(run, ("mlflow", "wandb"))
    outbox.sent(run, "mlflow")
    assert list(outbox.runs()) == [(run, ("wandb",))]
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
    assert [name for name, _ in sending.resend({"mlflow": up, "wandb": down}, outbox)] == [run.id]
    assert (up.runs, down.runs, outbox.ids()) == ([run.id], [run.id], [])


def test_what_waits_is_sent_oldest_first(run, outbox):
    tracker = Fake()
    for name in ("b", "a", "c"):
        outbox.keep(replace(run, id=name), ("mlflow",))
    sending.resend({"mlflow": tracker}, outbox)
    assert tracker.runs == ["a", "b", "c"]


def test_a_damaged_run_is_named(run, outbox):
    outbox.keep(run, ("mlflow",))
    (outbox.folder / run.id / "run.json").write_bytes(b"{")
    with pytest.raises(ValueError, match=f"{run.id} holds no whole run"):
        sending.resend({"mlflow": Fake()}, outbox)
