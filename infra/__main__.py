"""Pulumi's entry point: the stage's config in, its resources declared."""

import sys

import pulumi
from pulumi.runtime import get_config_env

from infra.stack import compose
from release.domain.errors import UsageError
from release.domain.stage import parse, refuse_what_sagemaker_would

_SHOWN_ALREADY = 32
"""The exit code by which Pulumi knows that the program has said itself what is wrong."""

try:
    stage = parse(pulumi.get_stack(), get_config_env())
    refuse_what_sagemaker_would(stage)
except UsageError as error:
    pulumi.log.error(str(error))
    sys.exit(_SHOWN_ALREADY)
compose(stage)
