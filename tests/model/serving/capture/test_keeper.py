"""What a worker keeps, and what it needs for that."""

import json
import tempfile

from model.serving.answers import JSON, Answer
from model.serving.application import Request
from model.serving.capture.keeper import Keeper
from model.serving.keeping import Keeping
from model.serving.models.columns import Rows
from model.serving.models.schema import parse_schema
from tests.model.serving.capture import keeping_examples as kept


def test_answers_alone_need_no_key_of_hashes(tmp_path, monkeypatch):
    """Nobody listens where S3 should be, so that there is no key."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    keeper = Keeper(Keeping(kept.FOLDER, kept.SECRET, inputs=False))
    keeper.describe(parse_schema(json.dumps(kept.sensitive(colour="hash")).encode()))
    rows = Rows(1, [(3.0, 1.5)], [("red", "round")])
    request, answer = Request("POST", "/invocations", {}, b""), Answer(200, JSON, b"{}")
    assert keeper.keeping(request, rows, lambda _: answer)([]) == answer
    assert (keeper.kept, keeper.lost) == (1, 0)
    keeper.close()
