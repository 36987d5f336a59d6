"""Pulumi's entry point: the stage's config in, its resources declared.

A command that works on one endpoint names a file in `SLIPWAY_DECLARED_ONLY` while its own update runs
(`release/adapters/stack.py`): then that endpoint alone is declared. A file that is not there ends the run.
"""

import os
import sys
from pathlib import Path

import pulumi
from pulumi.runtime import get_config_env

from infra.stack import compose
from release.domain import names
from release.domain.errors import UsageError
from release.domain.stage import parse, refuse_what_sagemaker_would

_SHOWN_ALREADY = 32
"""The exit code by which Pulumi knows that the program has said itself what is wrong."""

told = os.environ.get(names.DECLARED_ONLY)
try:
    only = Path(told).read_text(encoding="utf-8") if told else None
    stage = parse(pulumi.get_stack(), get_config_env())
    refuse_what_sagemaker_would(stage)
except (OSError, UsageError) as error:
    pulumi.log.error(str(error))
    sys.exit(_SHOWN_ALREADY)
compose(stage, only=only)
