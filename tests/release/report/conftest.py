"""Rollouts that were judged once for all tests, and their reports."""

from collections.abc import Callable
from functools import cache

import pytest

from release.report.build import build
from release.report.report import Report
from tests.release.report.rollouts import SCENES, Told


@cache
def scene(name: str) -> Told:
    """A whole rollout; nobody changes it."""
    return SCENES[name]()


@pytest.fixture
def told() -> Callable[[str], Told]:
    return scene


@pytest.fixture
def reported() -> Callable[[str], Report]:
    def make(name: str) -> Report:
        found = scene(name)
        return build("prod", found.entries, found.verdicts, found.manifests)

    return make
