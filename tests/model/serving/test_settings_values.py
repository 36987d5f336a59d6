"""The environment variables of the container."""

from pathlib import Path

import pytest

from model.serving.errors import SettingsError
from model.serving.settings import Settings, from_environment


def test_sagemakers_defaults() -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - SageMaker requires it
    assert from_environment({}) == Settings(everywhere, 8080, Path("/opt/ml/model"), 1, 6 * 1024 * 1024)


def test_there_is_a_worker_for_each_processor_where_nobody_says_how_many() -> None:
    assert from_environment({}, processors=4).workers == 4
    assert from_environment({}, processors=999).workers == 256
    assert from_environment({"SAGEMAKER_MODEL_SERVER_WORKERS": "2"}, processors=4).workers == 2


def test_everything_set() -> None:
    environment = {
        "SLIPWAY_BIND_HOST": "127.0.0.1",
        "SAGEMAKER_BIND_TO_PORT": "9000",
        "SM_MODEL_DIR": "/models/delays",
        "SAGEMAKER_MODEL_SERVER_WORKERS": "4",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "50",
        "SLIPWAY_TELEMETRY_SECONDS": "10",
        "SLIPWAY_ENDPOINT": "delays-prod",
        "SLIPWAY_VARIANT": "live",
        "SLIPWAY_ROWS_WITHOUT_NAMES": "refuse",
    }
    wanted = Settings(
        "127.0.0.1", 9000, Path("/models/delays"), 4, 50 * 1024 * 1024, 10, "delays-prod", "live", False
    )
    assert from_environment(environment) == wanted


def test_no_limit_is_still_a_limit() -> None:
    assert from_environment({"SAGEMAKER_MAX_PAYLOAD_IN_MB": "0"}).max_body == 100 * 1024 * 1024


@pytest.mark.parametrize(
    "name",
    [
        *("SAGEMAKER_BIND_TO_PORT", "SAGEMAKER_MODEL_SERVER_WORKERS", "SAGEMAKER_MAX_PAYLOAD_IN_MB"),
        "SLIPWAY_TELEMETRY_SECONDS",
    ],
)
@pytest.mark.parametrize("given", ["-1", "1.5", "many", "99999999", "9" * 5000, "²", " "])
def test_a_wrong_number_is_named(name: str, given: str) -> None:
    with pytest.raises(SettingsError) as error:
        from_environment({name: given})
    assert name in error.value.cause
    assert error.value.exit_code == 2


@pytest.mark.parametrize("given", ["yes", "false", "Refuse", "accept ", "0"])
def test_a_wrong_choice_is_named(given: str) -> None:
    with pytest.raises(SettingsError, match=r"SLIPWAY_ROWS_WITHOUT_NAMES.*accept or refuse"):
        from_environment({"SLIPWAY_ROWS_WITHOUT_NAMES": given})


def test_rows_without_names_are_taken_unless_refused() -> None:
    for given in ({}, {"SLIPWAY_ROWS_WITHOUT_NAMES": ""}, {"SLIPWAY_ROWS_WITHOUT_NAMES": "accept"}):
        assert from_environment(given).unnamed
    assert not from_environment({"SLIPWAY_ROWS_WITHOUT_NAMES": "refuse"}).unnamed


@pytest.mark.parametrize("name", ["SLIPWAY_ENDPOINT", "SLIPWAY_VARIANT"])
@pytest.mark.parametrize("given", ["two words", "x" * 64, "größer", "a\n"])
def test_a_wrong_name_is_named(name: str, given: str) -> None:
    with pytest.raises(SettingsError) as error:
        from_environment({name: given})
    assert name in error.value.cause
