"""What keeps Pulumi from beginning is said before anything is recorded, and in words that lead on."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pulumi.automation import CommandResult, LocalWorkspace
from pulumi.automation.errors import CommandError

from release.adapters.stack import PulumiStack, place_of
from release.domain.errors import UsageError
from tests.release.adapters.stacks import project, stack_in

FILE = """\
config:
  slipway:account: "123456789012"
"""


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
    stack = stack_in(tmp_path)
    told = str(stack._failure(RuntimeError(f"stderr: {said.format(urn=urn)}")))
    assert told.startswith("pulumi would delete or replace delays-prod in stage prod, which is protected.")
    assert "./slipway sync prod" in told
    assert "unprotect" not in told
    assert "flag" not in told
    other = str(stack._failure(RuntimeError(f"stderr: {urn}: AccessDenied. See data protection")))
    assert "AccessDenied" in other


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PulumiStack:
    """The stack of a stage whose engine has all it needs, but the provider's plugin."""
    project(tmp_path, monkeypatch, FILE)
    monkeypatch.setattr(LocalWorkspace, "install_plugin", lambda *_: None)
    return stack_in(tmp_path)


@pytest.mark.sandbox
class TestReady:
    def test_where_everything_is_there_nothing_is_said_or_left(self, ready: PulumiStack) -> None:
        ready.ready()
        file = (ready.project / "Pulumi.prod.yaml").read_text()
        assert "probe" not in file
        assert file.startswith(FILE)
        ready.ready()

    @pytest.mark.parametrize(
        ("variable", "value", "said"),
        [
            ("PULUMI_CONFIG_PASSPHRASE", "another", "incorrect passphrase"),
            ("PULUMI_BACKEND_URL", "file:///nowhere/at/all", "nowhere"),
        ],
    )
    def test_what_would_fail_an_up_is_said_before_anything_is_recorded(
        self, ready: PulumiStack, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
    ) -> None:
        ready.ready()
        monkeypatch.setenv(variable, value)
        with pytest.raises(UsageError, match=said) as caught:
            stack_in(ready.project).ready()
        assert variable in str(caught.value)
        assert "Nothing was recorded, pinned or moved." in str(caught.value)

    def test_a_plugin_that_cannot_be_had_is_said(
        self, ready: PulumiStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise CommandError(CommandResult("", "error: [resource plugin aws-7] downloading failed", 255))

        monkeypatch.setattr(LocalWorkspace, "install_plugin", fail)
        with pytest.raises(UsageError, match="plugin aws-7"):
            ready.ready()


HELD = [
    {"urn": "urn:pulumi:prod::slipway::pulumi:pulumi:Stack::slipway-prod"},
    {
        "urn": "urn:pulumi:prod::slipway::slipway:components:Storage$aws:s3/bucket:Bucket::storage",
        "inputs": {"bucket": "slipway-prod-123456789012-us-east-1"},
    },
]


def test_the_place_of_a_stack_is_its_bucket() -> None:
    assert place_of(HELD) == "slipway-prod-123456789012-us-east-1"
    assert place_of(HELD[:1]) is None


@pytest.mark.parametrize(("region", "refused"), [("us-east-1", False), ("eu-west-1", True)])
def test_a_stack_of_another_region_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: str, refused: bool
) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text(FILE)
    workspace = SimpleNamespace(
        pulumi_command=SimpleNamespace(run=lambda *_: None), env_vars={}, install_plugin=lambda *_: None
    )
    state = SimpleNamespace(deployment={"resources": HELD})
    stack = stack_in(tmp_path, region)
    stack._stack = cast(Any, SimpleNamespace(export_stack=lambda: state, workspace=workspace))
    if not refused:
        stack.ready()
        return
    with pytest.raises(UsageError, match="holds the bucket slipway-prod-123456789012-us-east-1") as caught:
        stack.ready()
    assert "aws:region in Pulumi.prod.yaml" in str(caught.value)
