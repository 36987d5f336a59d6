"""Triton's own client against a real server: what nobody here wrote understands what we answer."""

import json
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.model.serving.examples import ROW, UNSEEN, expected
from tests.model.serving.running import Server, serving

pytestmark = pytest.mark.sandbox
ROWS = [ROW, UNSEEN, {"colour": "größer", "shape": "", "size": -2.25, "weight": None}]


@pytest.fixture(scope="module")
def server(several: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with serving(several, tmp_path_factory.mktemp("server")) as running:
        yield running.wait_ready()


@pytest.fixture
def client(server: Server) -> Generator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as connected:
        yield connected


def _inputs(rows: list[dict], *, binary: bool) -> list[triton.InferInput]:
    """`rows` as the client's own tensors; without binary data there is no missing number."""
    made = []
    for name in ROW:
        values = [row[name] for row in rows]
        if isinstance(values[0], str):
            array = np.array([value.encode() for value in values], object).reshape(-1, 1)
        else:
            array = np.array([np.nan if value is None else value for value in values], np.float32)
        made.append(triton.InferInput(name, list(array.shape), "BYTES" if array.dtype == object else "FP32"))
        made[-1].set_data_from_numpy(array, binary_data=binary)
    return made


def test_health_and_metadata(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("toys")
    assert client.is_model_ready("plain", "v1")
    assert not client.is_model_ready("nothing")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    metadata = client.get_model_metadata("toys", "2")
    assert [tensor["name"] for tensor in metadata["inputs"]] == list(ROW)
    assert {entry["name"] for entry in client.get_model_repository_index()} == {"toys", "plain"}


@pytest.mark.parametrize("binary_output", [True, False])
@pytest.mark.parametrize("binary_input", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_scores(
    client: triton.InferenceServerClient, binary_input: bool, binary_output: bool, count: int
) -> None:
    rows = ROWS[:count] if binary_input else ROWS[: min(count, 2)]
    outputs = [triton.InferRequestedOutput("likely", binary_data=binary_output)]
    result = client.infer("toys", _inputs(rows, binary=binary_input), request_id="7", outputs=outputs)
    assert result.as_numpy("likely") == pytest.approx([expected(row) for row in rows], abs=1e-6)
    answer = result.get_response()
    assert (answer["id"], answer["model_version"]) == ("7", "1")


def test_without_outputs_the_client_asks_for_binary_ones(client: triton.InferenceServerClient) -> None:
    result = client.infer("toys", _inputs(ROWS, binary=True), model_version="2")
    wanted = [0.5 * expected(row) for row in ROWS]
    assert result.as_numpy("likely") == pytest.approx(wanted, abs=1e-6)


def test_many_rows(client: triton.InferenceServerClient) -> None:
    """Enough for a thread of its own."""
    rows = ROWS * 4000
    result = client.infer("toys", _inputs(rows, binary=True))
    assert result.as_numpy("likely") == pytest.approx([expected(row) for row in rows], abs=1e-6)


def test_the_client_reads_the_message_of_an_error(client: triton.InferenceServerClient) -> None:
    wrong = _inputs(ROWS[:1], binary=True)
    wrong[2].set_data_from_numpy(np.array([np.nan], np.float32))
    with pytest.raises(InferenceServerException) as caught:
        client.infer("toys", wrong)
    assert caught.value.status() == "400"
    assert caught.value.message() == (
        'In input "size", row 0 (rows count from 0): given nan, expected a finite number (float32).'
    )
    with pytest.raises(InferenceServerException, match='There is "plain", "toys"'):
        client.infer("nothing", wrong)


def test_what_the_reader_refuses_is_the_protocols_error_too(server: Server) -> None:
    status, _, body = server.ask("POST", "/v2/models/toys/infer", b"x" * (6 * 1024 * 1024 + 1))
    assert status == 413
    assert isinstance(json.loads(body)["error"], str)
