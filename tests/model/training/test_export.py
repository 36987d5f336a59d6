"""The graph says what scikit-learn says, on hard rows too; a graph that does not is noticed."""

import io
import zipfile

import numpy as np
import onnx
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeRegressor

from model.service.bounds import PARITY_LIMIT
from model.service.features import CATEGORIES, NAMES
from model.service.pipeline import build
from model.service.service import SERVICE
from model.training import skops_file
from model.training.errors import ExportError
from model.training.export import Scorer, parity, pipeline_scores, stressed, to_onnx
from model.training.golden import golden
from tests.model.examples import flights

pytestmark = pytest.mark.sandbox

ROWS = flights(1500)


@pytest.fixture(scope="module")
def fitted() -> dict[str, Pipeline]:
    return {kind: build(kind).fit(SERVICE.inputs(ROWS), ROWS["late"]) for kind in SERVICE.models}


@pytest.mark.parametrize("kind", SERVICE.models)
def test_the_graph_agrees_with_scikit_learn(fitted, kind):
    scorer = Scorer(to_onnx(SERVICE, fitted[kind]), SERVICE)
    assert parity(SERVICE, fitted[kind], scorer, (ROWS, stressed(SERVICE, ROWS))) <= PARITY_LIMIT
    assert np.ptp(scorer.score(ROWS)) > 0.05


@pytest.mark.parametrize("kind", SERVICE.models)
def test_each_feature_is_an_input_and_the_only_output_is_the_probability(fitted, kind):
    graph = onnx.load_from_string(to_onnx(SERVICE, fitted[kind])).graph
    assert {node.name for node in graph.input} == set(NAMES)
    assert [node.name for node in graph.output] == ["late"]
    kinds = {node.name: node.type.tensor_type.elem_type for node in graph.input}
    assert {kinds[name] for name in CATEGORIES} == {onnx.TensorProto.STRING}


def test_a_conversion_that_is_silently_wrong_fails_the_parity_gate():
    """Native categories convert without an error; the graph then ranks unseen and known ones differently."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OrdinalEncoder

    pipeline = build("boosting")
    columns: ColumnTransformer = pipeline.named_steps["columns"]
    assert isinstance(columns.transformers[0][1], OrdinalEncoder)
    native = HistGradientBoostingClassifier(
        min_samples_leaf=5, categorical_features=[0, 1, 2], random_state=0
    )
    wrong = Pipeline([("columns", columns), ("classifier", native)]).fit(SERVICE.inputs(ROWS), ROWS["late"])
    assert (
        parity(SERVICE, wrong, Scorer(to_onnx(SERVICE, wrong), SERVICE), (ROWS, stressed(SERVICE, ROWS)))
        > PARITY_LIMIT
    )


def test_the_graph_of_another_model_fails_the_parity_gate(fitted):
    assert (
        parity(SERVICE, fitted["boosting"], Scorer(to_onnx(SERVICE, fitted["logistic"]), SERVICE), (ROWS,))
        > PARITY_LIMIT
    )


def test_hard_rows_are_hard_and_the_others_stay_as_they_were():
    before = ROWS.copy()
    hard = stressed(SERVICE, ROWS, 100)
    assert hard["temp"].iloc[:50].isna().all()
    assert (hard["carrier"].iloc[50:] == "??").all()
    assert before.equals(ROWS)


def test_what_cannot_be_exported_says_so():
    with pytest.raises(ExportError) as caught:
        to_onnx(SERVICE, build("logistic"))
    assert caught.value.exit_code == 2


def test_bytes_that_are_no_graph_are_refused():
    with pytest.raises(ExportError, match="cannot load"):
        Scorer(b"no graph", SERVICE)


@pytest.mark.parametrize("kind", SERVICE.models)
def test_the_skops_file_holds_the_same_pipeline_and_the_same_bytes(fitted, kind):
    content = skops_file.dump(fitted[kind])
    assert skops_file.dump(fitted[kind]) == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    again = skops_file.load(content)
    assert np.array_equal(pipeline_scores(SERVICE, again, ROWS), pipeline_scores(SERVICE, fitted[kind], ROWS))
    assert skops_file.dump(again) == content


def test_a_trees_file_holds_nothing_of_what_lay_in_memory_between_its_fields():
    rows = np.arange(40.0).reshape(-1, 1)
    tree = Pipeline([("model", DecisionTreeRegressor(random_state=0).fit(rows, np.sin(rows[:, 0])))])
    content = skops_file.dump(tree)
    assert skops_file.dump(skops_file.load(content)) == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [archive.read(name) for name in archive.namelist() if name.endswith(".npy")]
    [(file, nodes)] = [(file, array) for file in files if (array := np.load(io.BytesIO(file))).dtype.names]
    end = max(offset + kind.itemsize for kind, offset, *_ in nodes.dtype.fields.values())
    # The file's own bytes: numpy reads an array's fields, and leaves in between what its memory held.
    between = np.frombuffer(file[-nodes.nbytes :], np.uint8).reshape(len(nodes), -1)[:, end:]
    assert between.size
    assert not between.any()


def test_golden_requests_cover_json_csv_missing_and_unseen(fitted):
    made = golden(SERVICE, ROWS, lambda rows: pipeline_scores(SERVICE, fitted["boosting"], rows))
    bodies = [request["body"] for request in made["requests"]]
    assert [request["content_type"] for request in made["requests"]] == ["application/json"] * 3 + [
        "text/csv"
    ]
    assert [len(request["scores"]) for request in made["requests"]] == [1, 8, 8, 8]
    assert "NaN" not in "".join(bodies)
    assert ": null" in bodies[2]
    assert '"??"' in bodies[2]
    assert bodies[3].splitlines()[0] == ",".join(NAMES)
