"""What may be tried as SageMaker's tuning jobs are told it, and what they tried as trials."""

import pytest

from model.service.service import SERVICE
from model.skeletons.regression.service import SERVICE as REGRESSION
from model.space import Choice, Real, Whole
from model.training.errors import SearchError
from model.training.job.ranges import objective, ranges, trials


def test_a_space_is_told_by_its_kinds_with_its_scale():
    told = ranges(SERVICE, "boosting", 3, {})
    assert set(told) == {"integer_parameter_ranges", "continuous_parameter_ranges"}
    rate, _ = told["continuous_parameter_ranges"]
    assert rate == {
        "name": "classifier__learning_rate",
        "min_value": "0.02",
        "max_value": "0.2",
        "scaling_type": "Logarithmic",
    }
    whole = {one["name"]: one for one in told["integer_parameter_ranges"]}
    assert whole["classifier__max_iter"]["scaling_type"] == "Linear"


def test_a_parameter_that_is_set_is_no_range_and_part_of_each_trial():
    fixed = {"classifier__learning_rate": 0.08}
    told = ranges(SERVICE, "boosting", 3, fixed)
    names = {each["name"] for kind in told.values() for each in kind}
    assert names == SERVICE.space("boosting").keys() - fixed
    [trial] = trials(SERVICE.space("boosting"), [({"classifier__max_iter": "300"}, 0.5)], fixed)
    assert trial.parameters == {"classifier__learning_rate": 0.08, "classifier__max_iter": 300}


def test_where_every_parameter_is_set_there_is_nothing_to_search():
    fixed = dict.fromkeys(SERVICE.space("boosting"), 1)
    with pytest.raises(SearchError, match="Every parameter of boosting that may be tried is set"):
        ranges(SERVICE, "boosting", 3, fixed)


def test_a_service_without_a_space_has_nothing_to_search():
    with pytest.raises(SearchError, match="says of no parameter of linear"):
        ranges(REGRESSION, "linear", 3, {})


def test_what_was_tried_comes_back_as_values_of_the_space_in_its_order():
    space = {"a": Whole(1, 9), "b": Real(0.0, 1.0), "c": Choice(("l1", "l2"))}
    tried = [
        ({"a": "3", "b": "0.25", "c": "l2", "other": "x"}, 0.5),
        ({"a": "4", "b": "1.0", "c": "l1"}, None),
    ]
    found = trials(space, tried, {})
    assert [trial.parameters for trial in found] == [
        {"a": 3, "b": 0.25, "c": "l2"},
        {"a": 4, "b": 1.0, "c": "l1"},
    ]
    assert [(trial.number, trial.value) for trial in found] == [(0, 0.5), (1, None)]
    with pytest.raises(SearchError, match="10 is not a whole number from 1 to 9"):
        trials(space, [({"a": "10"}, 0.5)], {})


def test_the_objective_is_the_main_measure_of_the_validation_rows():
    assert (objective(SERVICE), objective(REGRESSION)) == ("validation_auc", "validation_r2")
