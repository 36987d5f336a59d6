"""docs/settings.md is what the models of the settings say: every key, default, limit and effect."""

from pydantic import BaseModel

from release.domain.pins import Data, EndpointSettings, ReleasePin, Vpc
from release.domain.policy import Policy
from release.domain.stage import StageSettings
from release.domain.stages import StageEntry
from tests.release.settings_page import DOCUMENT, effects, page, sections


def test_the_page_is_the_models() -> None:
    """Otherwise: python -m tests.release.settings_page."""
    assert DOCUMENT.read_text(encoding="utf-8") == page()


def test_every_key_says_what_it_does() -> None:
    assert [row.key for rows in sections().values() for row in rows if not row.effect] == []


def leaves(value: object, path: str = "") -> set[str]:
    if isinstance(value, BaseModel):
        return {
            leaf
            for name in type(value).model_fields
            for leaf in leaves(getattr(value, name), f"{path}.{name}")
        }
    return {path.removeprefix(".")}


def _whole(keys: set[str]) -> set[str]:
    """The keys, without those inside of what may be left out as a whole."""
    return {
        key.partition(".")[0] if key.startswith(("vpc.", "capture.", "training.")) else key for key in keys
    }


def test_no_key_is_left_out() -> None:
    found = {name: {row.key for row in rows} for name, rows in sections().items()}
    assert found["judge"] == leaves(Policy())
    assert _whole(found["endpoint"]) == leaves(EndpointSettings()) - {
        "live",
        "candidate",
        "previous",
        "proposed",
    }
    assert _whole(found["pins"]) == set(ReleasePin.model_fields)
    assert found["pins"] >= {*(f"vpc.{key}" for key in Vpc.model_fields), "capture.percent", "capture.to"}
    assert found["stages"] == set(StageEntry.model_fields)
    stage = StageSettings(stage="dev", account="1" * 12, region="us-east-1")
    keys = _whole({key.partition(":")[2] for key in found["stage"]})
    assert keys == {leaf for leaf in leaves(stage) if not leaf.startswith("judge.")} - {"stage"} | {"judge"}


def test_a_limit_or_a_default_that_changes_is_seen() -> None:
    rows = {row.key: row for rows in sections().values() for row in rows}
    assert rows["rollout.step_percent"].limits == "a whole number, at least 1, at most 50"
    assert rows["rollout.strategy"].limits.startswith("one of `all-at-once`, `canary`")
    assert rows["alarms.errors_percent"].limits == "above 0, at most 100"
    assert (rows["slipway:account"].default, rows["slipway:account"].limits) == ("**needed**", r"`^\d{12}$`")
    assert (rows["invalid.fail_plus"].default, rows["errors.fail_plus"].default) == ("`0.0005`", "`0.0002`")


def test_a_field_without_a_word_has_none() -> None:
    class Silent(Data):
        """A model."""

        key: int = 1

        other: int = 2
        """Its effect."""

    assert effects(Silent) == {"key": "", "other": "Its effect."}
