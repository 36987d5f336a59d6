"""Promise 4: a crash loses nothing. `promote` is killed at many points; run again, it ends clean."""

import itertools
import os
import signal

import pytest

from release.domain.ledger import Pins
from tests.end_to_end.world import first_lines, kill_group

pytestmark = [pytest.mark.sandbox, pytest.mark.kill]

THE_PROCESS, ITS_GROUP = False, True
CASES = [
    ("verifying", THE_PROCESS),
    ("gates:", ITS_GROUP),
    ("copying the image", THE_PROCESS),
    ("pinning", ITS_GROUP),
    # While the engine works: it outlives the death of the process, and dies with the group.
    ("pulumi up in prod", THE_PROCESS),
    ("pulumi up in prod", ITS_GROUP),
    ("+ Model", THE_PROCESS),
    ("+ Model", ITS_GROUP),
    ("+ EndpointConfiguration", THE_PROCESS),
    ("+ EndpointConfiguration", ITS_GROUP),
    ("~ Endpoint", THE_PROCESS),
    ("~ Endpoint", ITS_GROUP),
    ("asking SageMaker", THE_PROCESS),
    ("sending the golden requests", ITS_GROUP),
]


@pytest.fixture(scope="module")
def fresh(world, trained):
    """Gives, at each call, a release that prod has never seen, live in dev by its pin.

    Promotion reads the source's data, manifest, registry and bucket, not its endpoint; so a new manifest and
    a pin make a new release of bytes that are there, without a rollout in dev for each.
    """
    pins = []
    for kind in ("logistic", "boosting"):
        world.slipway("release", "--model", os.fspath(trained[kind]))
        pins.append(world.settings("dev").endpoints["delays"].live)
    world.slipway("promote", "dev", "prod")
    source = world.target("dev")
    numbers = itertools.count()

    def choose() -> str:
        number = next(numbers)
        pin = pins[number % 2]
        content = source.artifacts.manifest(pin.release)
        _, golden = source.artifacts.golden(content)
        content = content.model_copy(update={"source": content.source | {"variant": number}})
        source.artifacts.put_release(content, golden)
        live = pin.model_copy(update={"release": content.id})
        source.write(Pins(live=live.model_dump()))
        return content.id

    return choose


@pytest.mark.parametrize(("point", "whole_group"), CASES)
def test_killed_at(world, fresh, point, whole_group):
    release = fresh()
    process = world.start("promote", "dev", "prod")
    seen = first_lines(process, until=point)
    if process.poll() is None:
        if whole_group:
            kill_group(process)
        else:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate(timeout=120)
    assert any(point in line for line in seen), f"promote never came to {point!r}: {seen}"
    world.slipway("promote", "dev", "prod")
    world.assert_clean("prod", serves=release)


@pytest.mark.parametrize("point", ["copying the image", "+ Model", "~ Endpoint", "sending the golden"])
def test_interrupted_at(world, fresh, point):
    """Ctrl-C reaches the whole group of the terminal, pulumi and its plugins too."""
    release = fresh()
    process = world.start("promote", "dev", "prod")
    first_lines(process, until=point)
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 130, rest
    assert "Run the same command again" in rest
    assert "Traceback" not in rest
    world.slipway("promote", "dev", "prod")
    world.assert_clean("prod", serves=release)
