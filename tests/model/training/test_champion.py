"""A champion is read from its artifact alone, and refused when it cannot be compared with."""

import onnx
import pytest

from model import artifact
from model.lfs import PointerError
from model.service.service import SERVICE
from model.training.bundle import Key, read_others
from model.training.champion import read_champion, split_beside
from model.training.errors import ChampionError
from model.training.export import to_onnx
from tests.model.examples import flights
from tests.model.test_artifact import DAMAGED

ROWS = flights(300)


@pytest.fixture(scope="module")
def graph() -> bytes:
    # scikit-learn takes seconds to import: not in each worker that only collects this file
    from model.service.pipeline import build

    return to_onnx(SERVICE, build("logistic").fit(SERVICE.inputs(ROWS), ROWS["late"]))


def packed(tmp_path, **files: bytes):
    named = {"about": artifact.ABOUT, "graph": artifact.GRAPH}
    path = tmp_path / "model.tar.gz"
    path.write_bytes(artifact.pack({named[name]: content for name, content in files.items()}))
    return path


def renamed(graph: bytes, old: str, new: str) -> bytes:
    """The graph with one of its inputs or outputs under another name."""
    model = onnx.load_from_string(graph)
    for node in model.graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]
    for value in (*model.graph.input, *model.graph.output):
        value.name = new if value.name == old else value.name
    return model.SerializeToString()


@pytest.mark.sandbox
def test_a_champion_scores_the_same_rows_and_says_what_it_was_trained_on(tmp_path, graph):
    path = packed(tmp_path, about=b'{"months": "2-5"}', graph=graph)
    champion = read_champion(path, SERVICE)
    assert champion.about == {"months": "2-5"}
    assert champion.sha256 == artifact.sha256(path.read_bytes())
    assert champion.scorer.score(ROWS).shape == (len(ROWS),)


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_artifact_is_refused_with_the_next_step(tmp_path, damage):
    path = packed(tmp_path, about=b"{}", graph=b"graph")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ChampionError) as caught:
        read_champion(path, SERVICE)
    assert "--champion" in caught.value.next_step


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ChampionError, match=r"none\.tar\.gz"):
        read_champion(tmp_path / "none.tar.gz", SERVICE)


def test_a_pointer_of_git_lfs_is_said_to_be_one(tmp_path):
    path = tmp_path / "model.tar.gz"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(PointerError, match=r"model\.tar\.gz is a pointer of Git LFS") as caught:
        read_champion(path, SERVICE)
    assert "git lfs pull --include model.tar.gz" in caught.value.next_step
    with pytest.raises(PointerError, match="is a pointer"):
        read_others([(Key("toys", "1"), path)])


@pytest.mark.sandbox
@pytest.mark.parametrize("about", [b"{}", b"[]", b"not json", b'{"months": "0-99"}'])
def test_a_champion_of_unknown_months_is_refused(tmp_path, graph, about):
    path = packed(tmp_path, about=about, graph=graph)
    with pytest.raises(ChampionError, match="cannot be compared"):
        split_beside(SERVICE, {"months": "1-6"}, read_champion(path, SERVICE), path)


@pytest.mark.sandbox
def test_a_champion_trained_later_is_compared_behind_its_own_training(tmp_path, graph):
    path = packed(tmp_path, about=b'{"months": "7-9"}', graph=graph)
    split = split_beside(SERVICE, {"months": "1-6"}, read_champion(path, SERVICE), path)
    assert split.facts["test_month"] == 11


def test_a_champion_without_a_graph_is_refused(tmp_path):
    with pytest.raises(ChampionError, match=r"model\.onnx"):
        read_champion(packed(tmp_path, about=b'{"months": "1-6"}'), SERVICE)


@pytest.mark.sandbox
def test_a_champion_of_other_features_is_named_with_them(tmp_path, graph):
    other = renamed(graph, "seats", "engines")
    with pytest.raises(ChampionError, match="no longer made: engines"):
        read_champion(packed(tmp_path, about=b'{"months": "1-6"}', graph=other), SERVICE)


@pytest.mark.sandbox
def test_a_champion_without_our_output_is_refused(tmp_path, graph):
    with pytest.raises(ChampionError, match="no output 'late'"):
        read_champion(
            packed(tmp_path, about=b'{"months": "1-6"}', graph=renamed(graph, "late", "score")), SERVICE
        )
