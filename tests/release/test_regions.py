"""Regions, and days for which logs are kept, are those that AWS knows."""

import json
from pathlib import Path

import botocore
import pytest

from release.domain.errors import UsageError
from release.domain.regions import PARTITIONS, partition
from release.domain.stage import parse
from sandbox.aws.logs.api import RETENTIONS

DATA = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())["partitions"]


def test_the_partitions_are_botocores():
    assert {found["id"]: found["regionRegex"] for found in DATA} == PARTITIONS


def test_every_region_that_botocore_knows_is_of_its_partition():
    regions = {region: found["id"] for found in DATA for region in found["regions"]}
    real = {region: name for region, name in regions.items() if not region.endswith("-global")}
    assert len(real) > 40
    assert {region: partition(region) for region in real} == real


@pytest.mark.parametrize(
    "region", ["us-iso-east-1", "eusc-de-east-1", "mx-central-1", "us-gov-west-1", "cn-north-1"]
)
def test_a_stage_can_be_there(region):
    config = {"aws:region": region, "slipway:account": "123456789012"}
    assert parse("dev", config).region == region


@pytest.mark.parametrize(
    "region", ["us-east1", "us-east-1a", "xx-east-1", "aws-global", "US-EAST-1", "us-east-1\n"]
)
def test_a_region_that_is_none_is_refused_by_name(region):
    config = {"aws:region": region, "slipway:account": "123456789012"}
    with pytest.raises(UsageError, match="aws:region: ") as refused:
        parse("dev", config)
    assert "aws:region: us-east-1" in str(refused.value), "what to paste"


def test_logs_are_kept_for_as_long_as_cloudwatch_lets_them_be():
    def days(number: int) -> int:
        retention = {"slipway:retention": {"log_days": number}}
        config = {"aws:region": "us-east-1", "slipway:account": "123456789012"}
        return parse("dev", config | retention).retention.log_days

    assert [days(number) for number in RETENTIONS] == list(RETENTIONS)
    for wrong in (0, 2, 31, 366, 3654):
        with pytest.raises(UsageError, match=r"slipway:retention.log_days: .* 365, 400"):
            days(wrong)
