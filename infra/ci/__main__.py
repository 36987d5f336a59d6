"""Pulumi's entry point of the CI stack: its config and the stages' files in, roles and rules declared."""

import sys
from pathlib import Path

import pulumi
from pulumi.runtime import get_config_env

from infra.ci.program import compose
from infra.ci.settings import parse
from infra.ci.stage_files import project_at
from release.domain.errors import UsageError

_SHOWN_ALREADY = 32
"""The exit code by which Pulumi knows that the program has said itself what is wrong."""

try:
    settings = parse(pulumi.get_stack(), get_config_env())
    compose(settings, project_at(Path(settings.project)))
except UsageError as error:
    pulumi.log.error(str(error))
    sys.exit(_SHOWN_ALREADY)
