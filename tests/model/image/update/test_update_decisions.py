"""What `./slipway update` reads out of locks and measurements, without an index and without a server."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from measuring.results import Load
from model.image.errors import UpdateError
from model.image.record import LayerRecord, Record
from model.image.update.findings import Finding, State, findings
from model.image.update.golden import mismatch, parse_golden, scores_of
from model.image.update.lock import INPUT, LOCK, differences, pins, propose, repinned, unpinned
from model.image.update.trial import FILES, Measured, read_model, sample_requests
from model.lfs import PointerError

REQUIREMENTS = """# why these
numpy==2.4.6
tool[extra]==1.0 ; python_version < '3.12'  # numpy==9
"""


def test_pins_are_read_freed_and_renewed() -> None:
    assert pins(REQUIREMENTS) == {"numpy": "2.4.6", "tool": "1.0"}
    assert unpinned(REQUIREMENTS, ["tool"]) == REQUIREMENTS.replace("[extra]==1.0", "[extra]")
    assert repinned(REQUIREMENTS, {"numpy": "3.0"}) == REQUIREMENTS.replace("numpy==2.4.6", "numpy==3.0")
    assert repinned(REQUIREMENTS, {}) == REQUIREMENTS


def test_what_two_locks_pin_differently() -> None:
    before = "a==1 \\\n    --hash=sha256:00\nb==2\nc==3\n"
    after = "a==1 \\\n    --hash=sha256:11\nb==2.1\nd==4\n"
    assert [str(change) for change in differences(before, after)] == [
        "b 2 -> 2.1",
        "c 3 -> (gone)",
        "d (new) -> 4",
    ]


def test_a_package_that_the_image_has_not(tmp_path: Path) -> None:
    for path, text in ((INPUT, "a==1\n"), (LOCK, "a==1\nb==2\n")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    with pytest.raises(UpdateError) as error:
        propose(tmp_path, tmp_path / "uv", ["pandas"], tmp_path / "work")
    assert "pandas" in error.value.cause
    assert "a, b" in error.value.next_step


IMAGE = Record("sha256:1", 10, (LayerRecord("requirements", "sha256:r", 50_000_000, 1),), {}, {}, {}, {}, {})


def _measured(
    *rates: float, scores: tuple[float, ...] = (0.1, 0.2), errors: int = 0, **more: object
) -> Measured:
    loads = [Load(int(rate) + errors, 1.0, 1.0, 2.0, errors) for rate in rates]
    return Measured([0.4], [70.0], {"1 row": loads}, list(scores), **more)  # ty: ignore[invalid-argument-type]


def _compared(after: Measured, image: Record = IMAGE) -> dict[str, Finding]:
    found = findings((IMAGE, image), (_measured(1000, 1010, 990), after), 1e-5)
    return {finding.what: finding for finding in found}


def test_nothing_moved() -> None:
    found = _compared(_measured(1020, 1000, 1010))
    assert {finding.state for finding in found.values()} == {State.SAME}
    assert "last bit" in found["predictions"].text


@pytest.mark.parametrize(
    ("scores", "state"),
    [
        ((0.1, 0.2), State.SAME),
        ((0.1, 0.2 + 1e-6), State.MOVED),
        ((0.1, 0.2 + 1e-4), State.REFUSED),
        ((0.1, math.nan), State.REFUSED),
        ((0.1,), State.REFUSED),
        ((), State.REFUSED),
    ],
)
def test_predictions(scores: tuple[float, ...], state: State) -> None:
    assert _compared(_measured(1000, 1000, 1000, scores=scores))["predictions"].state is state


def test_a_golden_request_that_does_not_match() -> None:
    found = _compared(_measured(1000, 1000, 1000, mismatches=("golden request 0: row 1",)))
    assert found["predictions"].state is State.REFUSED
    assert "row 1" in found["predictions"].text


@pytest.mark.parametrize(
    ("rates", "state"),
    [
        ((960, 970, 965), State.SAME),
        ((1200, 1210, 1190), State.MOVED),
        ((930, 931, 929), State.MOVED),
        ((800, 805, 795), State.REFUSED),
        # slower than allowed by the medians, and the rounds say nothing
        ((850, 1300, 700), State.UNCLEAR),
        ((0, 0, 0), State.REFUSED),
    ],
)
def test_speed(rates: tuple[float, ...], state: State) -> None:
    assert _compared(_measured(*rates))["speed, 1 row"].state is state


def test_errors_and_size() -> None:
    assert _compared(_measured(1000, 1000, 1000, errors=1))["errors under load"].state is State.REFUSED
    larger = [
        replace(IMAGE, layers=(LayerRecord("code", "x", size, 1),)) for size in (52_000_000, 150_000_000)
    ]
    states = [_compared(_measured(1000), image)["size"].state for image in larger]
    assert states == [State.MOVED, State.REFUSED]


@pytest.mark.parametrize(
    ("body", "media"),
    [(b'{"predictions": [[0.9, 0.1], [0.5, 0.5]]}', "application/json"), (b"0.9,0.1\n0.5,0.5\n", "text/csv")],
)
def test_the_scores_of_several_classes_are_compared_one_by_one(body: bytes, media: str) -> None:
    request = {"content_type": media, "body": "", "scores": [[0.9, 0.1], [0.5, 0.5]]}
    golden = parse_golden(json.dumps({"tolerance": 1e-5, "requests": [request]}).encode())
    found = scores_of(body, media)
    assert mismatch(golden.requests[0], golden.tolerance, found) is None
    assert mismatch(golden.requests[0], golden.tolerance, [*found[:3], 0.6]) == (
        "score 3 is 0.600000, training says 0.500000"
    )
    assert mismatch(golden.requests[0], golden.tolerance, found[:2]) == "2 scores, training has 4"


@pytest.mark.parametrize("name", FILES)
def test_a_model_that_git_lfs_has_not_fetched_is_not_tried(tmp_path: Path, name: str) -> None:
    for each in FILES:
        (tmp_path / each).write_bytes(b"{}")
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(PointerError) as caught:
        read_model(tmp_path, tmp_path / "work")
    assert f"{name} is a pointer of Git LFS" in caught.value.cause


def test_what_the_sample_leaves_out_is_asked_for_by_its_example(tmp_path: Path) -> None:
    features = [
        {"name": "size", "example": 1.5},
        {"name": "person", "example": "somebody", "sensitive": "drop"},
    ]
    (tmp_path / "schema.json").write_text(json.dumps({"features": features}))
    (tmp_path / "reference.csv").write_text("late,size,score\n0,2.5,0.1\n1,,0.2\n")
    assert sample_requests(tmp_path) == ["size,person\n2.5,somebody\n,somebody\n"]
