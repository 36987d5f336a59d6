"""The gates decide from measures alone: a bad measure fails its own gate, nothing unmeasured passes."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.contract import RegressionBounds
from model.service.service import SERVICE
from model.training import gates
from model.training.evaluation import Evaluation
from model.training.kinds.regression import REGRESSION
from model.training.measured import Gain, Leak, Measured

GOOD = Evaluation(
    values={
        "rows": 28_756,
        "base_rate": 0.246,
        "auc": 0.711,
        "log_loss": 0.515,
        "log_loss_ratio": 0.923,
        "bias": 0.033,
    },
    slices={"origin": {"EWR": 0.71, "JFK": 0.695, "LGA": 0.72}, "carrier": {"UA": 0.72, "9E": 0.68}},
)
BESIDE = Measured(
    parity=3e-7,
    yardstick=Gain(0.02, 0.002),
    champion=Gain(0.02, 0.001),
    leak=Leak("dep_minute", 0.632),
    behind_days=31,
    milliseconds=0.04,
    megabytes=0.2,
)
NO_NUMBERS = [math.nan, math.inf, -math.inf]


def with_values(**values: float) -> Evaluation:
    return dataclasses.replace(GOOD, values={**GOOD.values, **values})


def with_slices(**slices: dict[str, float]) -> Evaluation:
    return dataclasses.replace(GOOD, slices={**GOOD.slices, **slices})


def failed(result: Evaluation = GOOD, measured: Measured = BESIDE) -> set[str]:
    results = gates.evaluate(SERVICE, result, measured)
    assert gates.passed(results) == all(gate.passed for gate in results)
    return {gate.name for gate in results if not gate.passed}


def test_the_measured_booster_passes_every_gate():
    assert failed() == set()


@pytest.mark.parametrize(
    ("result", "gate"),
    [
        (with_values(auc=0.679), "auc"),
        (with_values(log_loss_ratio=0.951), "log_loss"),
        (with_values(bias=0.051), "calibration"),
        (with_values(bias=-0.051), "calibration"),
        (with_slices(origin={"EWR": 0.7, "JFK": 0.659}), "auc_by_origin"),
        (with_slices(carrier={"UA": 0.7, "9E": 0.639}), "auc_by_carrier"),
        (with_slices(carrier={}), "auc_by_carrier"),
        (with_slices(origin={"EWR": 0.7, "JFK": math.nan}), "auc_by_origin"),
    ],
    ids=range(8),
)
def test_one_bad_measure_fails_its_own_gate_only(result, gate):
    assert failed(result) == {gate}


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"yardstick": Gain(-0.0071, 0.002)}, "yardstick"),
        ({"champion": Gain(-0.0071, 0.001)}, "champion"),
        ({"parity": 1.1e-5}, "parity"),
        ({"leak": Leak("arr_delay", 0.81)}, "leakage"),
        ({"behind_days": 93}, "freshness"),
        ({"milliseconds": 20.1}, "latency"),
        ({"megabytes": 101.0}, "size"),
    ],
    ids=str,
)
def test_what_is_worse_wrong_leaked_stale_slow_or_large_fails_its_own_gate(change, gate):
    assert failed(measured=dataclasses.replace(BESIDE, **change)) == {gate}


@pytest.mark.parametrize(
    ("name", "gate"),
    [
        ("yardstick", "yardstick"),
        ("champion", "champion"),
        ("leak", "leakage"),
        ("behind_days", "freshness"),
        ("milliseconds", "latency"),
        ("megabytes", "size"),
    ],
)
def test_where_there_is_nothing_to_measure_there_is_no_gate_to_pass(name, gate):
    found = gates.evaluate(SERVICE, GOOD, dataclasses.replace(BESIDE, **{name: None}))
    assert gate not in {each.name for each in found}


def test_the_yardstick_itself_gains_nothing_and_passes_its_gate():
    found = gates.evaluate(SERVICE, GOOD, dataclasses.replace(BESIDE, yardstick=Gain(0.0, 0.0)))
    assert [gate.passed for gate in found if gate.name == "yardstick"] == [True]


@given(st.sampled_from(["auc", "log_loss_ratio", "bias"]), st.sampled_from(NO_NUMBERS))
def test_what_was_not_measured_never_passes(name, value):
    assert len(failed(with_values(**{name: value}))) == 1


@given(
    st.sampled_from(["yardstick", "champion", "parity", "leak", "behind_days", "milliseconds", "megabytes"]),
    st.sampled_from(NO_NUMBERS),
)
def test_nothing_that_is_no_number_passes(name, value):
    made = {"yardstick": Gain(value, 0.1), "champion": Gain(value, 0.1), "leak": Leak("seats", value)}
    results = gates.evaluate(SERVICE, GOOD, dataclasses.replace(BESIDE, **{name: made.get(name, value)}))
    [bad] = [gate for gate in results if not gate.passed]
    assert bad.value is None


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_better_auc_never_turns_a_pass_into_a_failure(one, other):
    low, high = sorted((one, other))
    passes = [not failed(with_values(auc=auc)) for auc in (low, high)]
    assert passes[0] <= passes[1]


def test_no_gates_is_no_evidence():
    assert not gates.passed(())


def test_a_reason_says_what_was_measured_and_what_is_required():
    results = {gate.name: gate for gate in gates.evaluate(SERVICE, with_values(auc=0.645), BESIDE)}
    assert results["auc"].reason == "the test rows' AUC is 0.645; it must be at least 0.68"
    assert results["champion"].reason == (
        "the AUC gained over the champion, with a standard error of 0.0010, is +0.0200 (at least -0.007)"
    )
    assert results["leakage"].reason == "the AUC of dep_minute alone is 0.632 (at most 0.8)"
    assert results["auc_by_carrier"].reason == "the weakest carrier's AUC (9E) is 0.680 (at least 0.64)"


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({}, None),
        ({"r2": 0.29}, "r2"),
        ({"mae_ratio": 0.91}, "mae"),
        ({"bias": 0.21}, "calibration"),
        ({"bias": -0.21}, "calibration"),
        ({"r2": math.nan}, "r2"),
    ],
    ids=str,
)
def test_numbers_have_gates_of_their_own(change, gate):
    bounds = RegressionBounds(r2=0.3, mae=0.9, calibration=0.2, gain=0.0)
    values = {"r2": 0.4, "mae_ratio": 0.8, "bias": 0.1} | change
    found = REGRESSION.gates(values, bounds)
    assert [one.name for one in found] == ["r2", "mae", "calibration"]
    assert [one.name for one in found if not one.passed] == ([gate] if gate else [])
