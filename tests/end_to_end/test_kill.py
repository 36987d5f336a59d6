"""Promise 4: a crash loses nothing. `promote` is killed at many points; run again, it ends clean."""

import os
import signal

import pytest

from tests.end_to_end.world import first_lines, kill_group

pytestmark = [pytest.mark.sandbox, pytest.mark.kill]

POINTS = [
    "verifying",
    "gates:",
    "copying the image",
    "pinning",
    "pulumi up in prod",
    "+ Model",
    "+ EndpointConfiguration",
    "~ Endpoint",
    "asking SageMaker",
    "sending the golden requests",
]


@pytest.fixture(scope="module")
def alternating(world, trained):
    """Gives, at each call, a stage whose release prod does not serve yet, and that release."""
    served = {}
    for stage, kind in (("dev", "logistic"), ("staging", "boosting")):
        done = world.slipway("release", "--stage", stage, "--model", os.fspath(trained[kind]))
        served[stage] = done.result["release"]
    world.slipway("promote", "dev", "prod")

    def choose() -> tuple[str, str]:
        live = world.settings("prod").endpoints["delays"].live.release
        return next((stage, release) for stage, release in served.items() if release != live)

    return choose


@pytest.mark.parametrize("whole_group", [False, True], ids=["the-process", "its-whole-group"])
@pytest.mark.parametrize("point", POINTS)
def test_killed_at(world, alternating, point, whole_group):
    source, release = alternating()
    process = world.start("promote", source, "prod")
    seen = first_lines(process, until=point)
    if process.poll() is None:
        if whole_group:
            kill_group(process)
        else:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate(timeout=120)
    assert any(point in line for line in seen), f"promote never came to {point!r}: {seen}"
    world.slipway("promote", source, "prod")
    world.assert_clean("prod", serves=release)


@pytest.mark.parametrize("point", ["copying the image", "+ Model", "~ Endpoint", "sending the golden requests"])
def test_interrupted_at(world, alternating, point):
    """Ctrl-C reaches the whole group of the terminal, pulumi and its plugins too."""
    source, release = alternating()
    process = world.start("promote", source, "prod")
    first_lines(process, until=point)
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 130, rest
    assert "Run the same command again" in rest
    assert "Traceback" not in rest
    world.slipway("promote", source, "prod")
    world.assert_clean("prod", serves=release)
