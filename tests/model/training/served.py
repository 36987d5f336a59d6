"""A trained model in the project's own server, asked its golden requests."""

import json
import tarfile
from pathlib import Path

import numpy as np

from release.domain import golden as goldens
from tests.model.serving.running import serving


def differences(out: Path, folder: Path) -> list[str]:
    """Where the server's answers are not those that training wrote beside the model in `out`; they are
    compared as a release compares them."""
    golden = goldens.Golden.model_validate(json.loads((out / "golden.json").read_text()))
    with tarfile.open(out / "model.tar.gz") as packed:
        packed.extractall(folder / "served", filter="data")
    found = []
    with serving(folder / "served", folder) as server:
        server.wait_ready()
        for request in golden.requests:
            status, headers, body = server.ask(
                "POST", "/invocations", request.body.encode(), content_type=request.content_type
            )
            assert status == 200, body
            answered = goldens.scores_of(body, headers["content-type"])
            found.append(goldens.mismatch(request, golden.tolerance, goldens.Read(answered)))
    assert len(found) >= 3
    spread = np.ptp(np.array(golden.requests[1].scores), axis=0)
    assert (spread > 0).all(), "the rows are answered differently"
    return [each for each in found if each]
