"""Groups of a protected column: what is measured of each, who is too small, and when the gate refuses."""

import math
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from model.contract import Protected
from model.errors import ServiceError
from model.skeletons.binary.service import Skeleton as Tumours
from model.skeletons.multiclass.service import VINES
from model.skeletons.multiclass.service import Skeleton as Wines
from model.skeletons.regression.service import Skeleton as Patients
from model.training.evaluation import evaluate
from model.training.fairness import MISSING, fairness
from model.training.gates import fairness as gate
from model.training.intervals import mean, share

SEX = Protected(column="sex", what="sex", threshold=0.5, least_rows=100)


def binary(*protected: Protected) -> Tumours:
    return type("Tumours", (Tumours,), {"protected": protected})()


def wines(*protected: Protected) -> Wines:
    return type("Wines", (Wines,), {"protected": protected})()


def numbers(*protected: Protected) -> Patients:
    return type("Patients", (Patients,), {"protected": protected})()


def group(sex: Any, ones: int, zeros: int, hit: int, false: int) -> pd.DataFrame:
    """A group of which `hit` of the ones and `false` of the zeros are selected."""
    labels = np.r_[np.ones(ones), np.zeros(zeros)].astype(int)
    chosen = np.r_[np.arange(ones) < hit, np.arange(zeros) < false]
    return pd.DataFrame({"sex": sex, "malignant": labels, "score": np.where(chosen, 0.8, 0.3)})


def measured(*groups: pd.DataFrame, protected: Protected = SEX):
    rows = pd.concat(groups, ignore_index=True)
    service = binary(protected)
    return service, evaluate(service, rows, rows["score"].to_numpy(), 0.5)


EVEN = (group("f", 200, 200, 150, 40), group("m", 200, 200, 148, 42))


def bounded(**bounds: Any) -> Protected:
    return Protected(column="sex", what="sex", threshold=0.5, least_rows=100, **bounds)


def test_the_table_has_what_people_ask_of_a_group():
    _, found = measured(group("f", 200, 300, 150, 60), *EVEN[1:])
    (table,) = found.fairness
    first = table.groups[0]
    assert (first.name, first.rows, first.label.value) == ("f", 500, pytest.approx(0.4))
    values = {name: value.value for name, value in first.measures.items() if value is not None}
    assert values == pytest.approx(
        {
            "selection_rate": 210 / 500,
            "true_positive_rate": 150 / 200,
            "false_positive_rate": 60 / 300,
            "calibration_gap": (210 * 0.8 + 290 * 0.3) / 500 - 0.4,
        }
    )
    for value in first.measures.values():
        assert value is not None
        assert value.low < value.value < value.high


CASES = {
    "selection_rate": (group("f", 200, 200, 150, 40), group("m", 100, 300, 75, 60), 0.1375),
    "true_positive_rate": (group("f", 200, 200, 180, 40), group("m", 200, 200, 120, 40), 0.3),
    "false_positive_rate": (group("f", 200, 200, 150, 20), group("m", 200, 200, 150, 70), 0.25),
    "calibration_gap": (group("f", 200, 200, 150, 40), group("m", 300, 100, 150, 40), 0.25),
}


@pytest.mark.parametrize(("measure", "case"), CASES.items(), ids=CASES.keys())
def test_a_bound_that_is_passed_refuses_with_measure_margin_and_how_sure_it_is(measure, case):
    one, other, apart = case
    for bound, passes in ((apart - 0.001, False), (apart + 0.001, True)):
        service, found = measured(one, other, protected=bounded(**{measure: bound}))
        (answer,) = gate.gates(service, found)
        assert (answer.name, answer.passed) == (f"{measure}_by_sex", passes)
        assert answer.value == pytest.approx(apart)
        assert measure.replace("_", " ") in answer.reason
        assert "with a standard error of 0.0" in answer.reason
        assert ("it must be at most" in answer.reason) is not passes


def test_groups_that_are_treated_alike_pass_every_bound():
    service, found = measured(
        *EVEN,
        protected=bounded(
            selection_rate=0.05, true_positive_rate=0.05, false_positive_rate=0.05, calibration_gap=0.05
        ),
    )
    answers = gate.gates(service, found)
    assert len(answers) == 4
    assert all(answer.passed for answer in answers)


def test_a_small_group_is_said_to_be_too_small_and_not_judged():
    service, found = measured(*EVEN, group("x", 10, 20, 0, 20), protected=bounded(selection_rate=0.05))
    (answer,) = gate.gates(service, found)
    assert answer.passed
    assert "too small to be judged: x" in answer.reason
    assert found.fairness[0].groups[2].rows == 30
    assert set(found.fairness[0].groups[2].measures.values()) == {None}


def test_a_group_with_few_positives_is_too_small_for_the_rate_of_those_alone():
    _, found = measured(*EVEN, group("x", 20, 380, 20, 100))
    small = found.fairness[0].groups[2].measures
    assert small["true_positive_rate"] is None
    assert small["false_positive_rate"] is not None


def test_one_group_alone_cannot_be_compared_and_does_not_pass():
    service, found = measured(EVEN[0], group("x", 10, 10, 5, 2), protected=bounded(selection_rate=0.5))
    (answer,) = gate.gates(service, found)
    assert not answer.passed
    assert answer.value is None
    assert "fewer than two groups have 100 rows" in answer.reason


def test_a_score_that_is_no_number_does_not_pass():
    rows = pd.concat(EVEN, ignore_index=True)
    rows.loc[3, "score"] = math.nan
    service = binary(bounded(selection_rate=0.5))
    (answer,) = gate.gates(service, evaluate(service, rows, rows["score"].to_numpy(), 0.5))
    assert (answer.passed, answer.value) == (False, None)


def test_rows_that_say_nothing_are_a_group_of_their_own():
    _, found = measured(*EVEN, group(None, 100, 100, 70, 30))
    assert [one.name for one in found.fairness[0].groups] == [MISSING, "f", "m"]


def test_without_a_declaration_there_is_no_table_and_no_gate():
    rows = pd.concat(EVEN, ignore_index=True)
    found = evaluate(Tumours(), rows, rows["score"].to_numpy(), 0.5)
    assert found.fairness == ()
    assert not gate.gates(Tumours(), found)


def test_a_declaration_without_a_bound_has_a_table_and_no_gate():
    service, found = measured(*EVEN)
    assert len(found.fairness[0].groups) == 2
    assert not gate.gates(service, found)


def test_a_number_is_compared_by_its_errors():
    rows = pd.DataFrame({"site": ["a", "b"] * 300, "progression": np.arange(600.0)})
    noise = np.tile([1.0, -1.0, -1.0, 1.0], 150)
    scores = rows["progression"].to_numpy() + noise + np.where(rows["site"] == "a", 5.0, 0.0)
    site = Protected(column="site", what="site", mean_error=4.9, absolute_error=4.5)
    service = numbers(site)
    (table,) = fairness(service, rows, scores)
    means = {one.name: one.measures["mean_error"] for one in table.groups}
    assert {name: round(one.value, 9) for name, one in means.items() if one} == {"a": 5.0, "b": 0.0}
    answers = {one.name: one for one in gate.gates(service, evaluate(service, rows, scores, 300.0))}
    assert not answers["mean_error_by_site"].passed
    assert answers["absolute_error_by_site"].passed


class TestSeveralClasses:
    """Of each vine 300 wines by two growers; what is asked is one class against the others."""

    ROWS = pd.DataFrame({"grower": ["a", "b"] * 450, "vine": np.repeat(VINES, 300)})
    LABELS = np.repeat([0, 1, 2], 300)
    DECLARED: ClassVar[dict[str, Any]] = {"column": "grower", "what": "grower", "selected": "barbera"}

    def scores(self) -> np.ndarray:
        """Right, but for every third barbera of grower b, which is taken for a grignolino."""
        chosen = self.LABELS.copy()
        chosen[600:][(np.arange(300) % 6) == 1] = 1
        return np.full((900, 3), 0.1) + 0.7 * np.eye(3)[chosen]

    def answers(self, scores: np.ndarray, **bounds: Any):
        service = wines(Protected(**self.DECLARED, **bounds))
        found = evaluate(service, self.ROWS, scores, np.full(3, 1 / 3))
        return found, {one.name: one for one in gate.gates(service, found)}

    def test_the_class_that_matters_is_measured_against_the_others(self):
        found, _ = self.answers(self.scores())
        (table,) = found.fairness
        a, b = ({key: one.value for key, one in group.measures.items() if one} for group in table.groups)
        assert table.groups[0].label.value == pytest.approx(1 / 3)
        assert a == pytest.approx(
            {
                "selection_rate": 1 / 3,
                "true_positive_rate": 1.0,
                "false_positive_rate": 0.0,
                "calibration_gap": 1 / 3 * 0.8 + 2 / 3 * 0.1 - 1 / 3,
                "accuracy": 1.0,
            }
        )
        assert (b["true_positive_rate"], b["accuracy"]) == pytest.approx((2 / 3, 8 / 9))

    def test_its_gates_name_class_and_column(self):
        _, found = self.answers(self.scores(), true_positive_rate=0.3, accuracy=0.2, false_positive_rate=0.1)
        assert {name: one.passed for name, one in found.items()} == {
            "true_positive_rate_of_barbera_by_grower": False,
            "accuracy_of_barbera_by_grower": True,
            "false_positive_rate_of_barbera_by_grower": True,
        }
        said = found["true_positive_rate_of_barbera_by_grower"].reason
        assert "of the class barbera" in said
        assert "(a 1.000, b 0.667)" in said

    def test_a_probability_that_is_no_number_does_not_pass(self):
        scores = self.scores()
        scores[0, 1] = math.nan
        _, found = self.answers(scores, selection_rate=0.9, accuracy=0.9)
        assert [one.passed for one in found.values()] == [False, False]


@pytest.mark.parametrize(
    ("service", "protected", "what"),
    [
        (Wines, Protected(column="sex", what="sex"), "needs selected, the class that matters, of barolo"),
        (Wines, Protected(column="sex", what="sex", selected="rose"), "needs selected"),
        (Patients, Protected(column="sex", what="sex", selected="x"), "a regression service has none"),
        (Tumours, Protected(column="sex", what="sex"), "needs a threshold"),
        (Tumours, Protected(column="sex", what="sex", threshold=0.5, mean_error=1), "bounds mean_error"),
        (Patients, Protected(column="sex", what="sex", selection_rate=0.1), "bounds selection_rate"),
        (Patients, Protected(column="sex", what="sex", mean_error=-1), "a bound below 0"),
        (Patients, Protected(column="sex", what="sex", least_rows=1), "least_rows of 2 or more"),
    ],
    ids=range(8),
)
def test_a_declaration_that_contradicts_itself_is_refused_with_the_service(service, protected, what):
    with pytest.raises(ServiceError, match=what):
        type("Wrong", (service,), {"protected": (protected,)})


class TestIntervals:
    LEVEL: ClassVar[float] = 0.95

    def test_a_share_is_in_its_interval_as_often_as_it_says(self):
        random = np.random.default_rng(0)
        for part in (0.02, 0.3, 0.5):
            found = [share(int(hits), 200) for hits in random.binomial(200, part, 2000)]
            assert np.mean([one.low <= part <= one.high for one in found]) == pytest.approx(
                self.LEVEL, abs=0.03
            )

    def test_a_share_of_none_is_not_sure(self):
        assert share(0, 50).high == pytest.approx(0.0713, abs=1e-4)
        assert share(0, 50).error > 0

    def test_a_mean_is_in_its_interval_as_often_as_it_says(self):
        random = np.random.default_rng(0)
        found = [mean(random.normal(3, 2, 80)) for _ in range(2000)]
        assert np.mean([one.low <= 3 <= one.high for one in found]) == pytest.approx(self.LEVEL, abs=0.02)

    def test_nothing_and_one_row_have_no_interval(self):
        assert math.isnan(share(0, 0).value)
        assert math.isnan(mean(np.array([1.0])).low)
