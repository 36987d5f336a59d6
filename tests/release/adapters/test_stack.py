"""The stack of a stage as the real engine makes it: the stage's file says afterwards what it said before."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from release.adapters.stack import PulumiStack
from tests.conftest import ROOT

FILE = """\
# the last stage
config:
  slipway:account: "123456789012"
  slipway:protect: true # nothing is deletable
  other:flag: "true"
"""


@pytest.mark.sandbox
def test_a_boolean_is_one_after_the_engine_has_made_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\nruntime: python\n")
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(FILE)
    monkeypatch.setenv("PATH", f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    stack = PulumiStack(tmp_path, cast(Any, SimpleNamespace(stage="prod")), lambda _: None)
    made = stack._select()
    assert made.name == "prod"
    before, _, salt = file.read_text().partition("encryptionsalt: ")
    assert salt, "the engine has not changed the file, so nothing was shown"
    assert before == FILE


@pytest.mark.parametrize(
    "said",
    [
        'unable to replace resource "{urn}"\nas it is currently marked for protection. To unprotect the '
        "resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`",
        'resource "{urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either '
        "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`",
    ],
)
def test_the_engines_advice_to_take_protection_away_is_not_passed_on(said: str, tmp_path: Path) -> None:
    urn = "urn:pulumi:prod::slipway::slipway:components:Serving$aws:sagemaker/endpoint:Endpoint::delays-prod"
    stack = PulumiStack(tmp_path, cast(Any, SimpleNamespace(stage="prod")), lambda text: None)
    told = str(stack._failure(RuntimeError(f"stderr: {said.format(urn=urn)}")))
    assert told.startswith("pulumi would delete or replace delays-prod in stage prod, which is protected.")
    assert "./slipway sync prod" in told
    assert "unprotect" not in told
    assert "flag" not in told
    other = str(stack._failure(RuntimeError(f"stderr: {urn}: AccessDenied. See data protection")))
    assert "AccessDenied" in other
