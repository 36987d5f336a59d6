"""`./slipway gate`: what it answers, and with which exit code."""

import json

import pytest

from release.domain.manifest import GateResult
from release.operations.gate import Gated
from scripts import gate
from scripts.shared.cli import execute


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_a_refused_model_ends_with_1_and_every_gate_is_told(passed, code, monkeypatch, capsys, tmp_path):
    results = (GateResult(name="auc", passed=passed, value=0.7, bound=0.68, reason="it is 0.7"),)
    found = Gated("dev", "delays", "0123456789ab", "sha256:1", "2", results)
    monkeypatch.setattr(gate, "connect", lambda tell: None)
    monkeypatch.setattr(gate, "gate", lambda *arguments: found)
    assert execute(gate.COMMAND, ["--model", str(tmp_path), "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is passed
    assert told["release"] == "0123456789ab"
    assert [(one["name"], one["passed"], one["bound"]) for one in told["gates"]] == [("auc", passed, 0.68)]
