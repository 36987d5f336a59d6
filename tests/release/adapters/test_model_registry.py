"""The model registry's adapter: what cannot be reached is said, without the password of its address."""

import re
import sys
from urllib.parse import unquote

import pytest

from model.training.tracking.mlflow_store import without_user
from release.adapters.model_registry import ModelRegistry
from release.domain.model_versions import Mark
from release.ports import Unreadable

MARK = Mark("a" * 64, ("prod",), {})


@pytest.mark.parametrize("address", ["nosuch://{}@registry/x", "http://{}@127.0.0.1:9/x"])
@pytest.mark.parametrize("password", ["plain7", "p7@ss7", "s7/sh7", "12/ab7@c7", "p7%40in7", "q7?y7"])
def test_no_error_says_the_password_or_a_piece_of_it(address, password, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address.format(f"ada:{password}"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(Unreadable) as caught:
        ModelRegistry(tmp_path).mark("delays", [MARK])
    said = str(caught.value)
    assert "ada" not in said
    assert not [piece for piece in re.split("[@/?#]", unquote(password)) if piece != "12" and piece in said]
    assert ("/x" in said) or "escape @, /, ? and #" in said


def test_a_password_that_stands_alone_is_hidden_escaped_or_not():
    said = without_user("no login with p@ss, that is p%40ss", "http://ada:p%40ss@registry")
    assert said == "no login with …, that is …"
    assert without_user("no sqlite:////a@b", "sqlite:////a@b") == "no sqlite:////a@b"


def test_a_machine_without_mlflow_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://registry")
    with pytest.raises(Unreadable, match="mlflow"):
        ModelRegistry(tmp_path).mark("delays", [MARK])


def test_it_says_of_which_bytes_it_has_no_version(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    assert ModelRegistry(tmp_path).mark("delays", [MARK]) == (MARK.sha256,)
