"""The gates decide from measures alone: a bad measure fails its own gate, nothing unmeasured passes."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.training import gates
from model.training.evaluation import Evaluation

GOOD = Evaluation(
    rows=28_756,
    base_rate=0.246,
    auc=0.711,
    log_loss=0.515,
    log_loss_ratio=0.923,
    bias=0.033,
    auc_by_origin={"EWR": 0.71, "JFK": 0.695, "LGA": 0.72},
    auc_by_carrier={"UA": 0.72, "9E": 0.68},
)


def failed(result: Evaluation = GOOD, yardstick=0.02, champion: float | None = 0.02, parity=3e-7) -> set[str]:
    results = gates.evaluate(result, yardstick, champion, parity)
    assert gates.passed(results) == all(gate.passed for gate in results)
    return {gate.name for gate in results if not gate.passed}


def test_the_measured_booster_passes_every_gate():
    assert failed() == set()


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"auc": 0.679}, "auc"),
        ({"log_loss_ratio": 0.951}, "log_loss"),
        ({"bias": 0.051}, "calibration"),
        ({"bias": -0.051}, "calibration"),
        ({"auc_by_origin": {"EWR": 0.7, "JFK": 0.659}}, "auc_by_origin"),
        ({"auc_by_carrier": {"UA": 0.7, "9E": 0.639}}, "auc_by_carrier"),
        ({"auc_by_carrier": {}}, "auc_by_carrier"),
        ({"auc_by_origin": {"EWR": 0.7, "JFK": math.nan}}, "auc_by_origin"),
    ],
)
def test_one_bad_measure_fails_its_own_gate_only(change, gate):
    assert failed(dataclasses.replace(GOOD, **change)) == {gate}


@pytest.mark.parametrize(
    ("name", "value", "gate"),
    [
        ("yardstick", -0.0071, "yardstick"),
        ("champion", -0.0071, "champion"),
        ("parity", 1.1e-5, "parity"),
    ],
)
def test_a_worse_or_wrongly_exported_model_fails(name, value, gate):
    assert failed(**{name: value}) == {gate}


def test_without_a_champion_there_is_no_champion_gate_to_pass():
    assert "champion" not in {gate.name for gate in gates.evaluate(GOOD, 0.02, None, 3e-7)}


@given(st.sampled_from(["auc", "log_loss_ratio", "bias"]), st.sampled_from([math.nan, math.inf, -math.inf]))
def test_what_was_not_measured_never_passes(field, value):
    assert len(failed(dataclasses.replace(GOOD, **{field: value}))) == 1


@given(st.sampled_from(["yardstick", "champion", "parity"]), st.sampled_from([math.nan, math.inf, -math.inf]))
def test_no_comparison_that_is_no_number_passes(name, value):
    results = gates.evaluate(
        GOOD,
        **(
            {"yardstick_gain": 0.0, "champion_gain": 0.0, "parity": 0.0}
            | {{"yardstick": "yardstick_gain", "champion": "champion_gain"}.get(name, name): value}
        ),
    )
    assert [(gate.name, gate.value) for gate in results if not gate.passed] == [(name, None)]


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_better_auc_never_turns_a_pass_into_a_failure(one, other):
    low, high = sorted((one, other))
    passes = [not failed(dataclasses.replace(GOOD, auc=auc)) for auc in (low, high)]
    assert passes[0] <= passes[1]


def test_no_gates_is_no_evidence():
    assert not gates.passed(())


def test_a_reason_says_what_was_measured_and_what_is_required():
    found = gates.evaluate(dataclasses.replace(GOOD, auc=0.645), 0.02, None, 3e-7)
    results = {gate.name: gate for gate in found}
    assert results["auc"].reason == "the test month's AUC is 0.645; it must be at least 0.68"
    assert results["auc_by_carrier"].reason == "the weakest carrier's AUC (9E) is 0.680 (at least 0.64)"
