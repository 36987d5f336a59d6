"""A container that somebody else built goes from `release` to the next stage; one that cannot is told so."""

import pytest

from tests.end_to_end.foreign import container

pytestmark = [pytest.mark.sandbox, pytest.mark.long]


@pytest.fixture(scope="module")
def first(world, tmp_path_factory):
    """The page's container, released."""
    made = container(world.sandbox, tmp_path_factory.mktemp("first"))
    return world.slipway("release", *made.arguments)


def test_the_page_s_container_goes_to_staging_and_answers_there(world, first):
    release = first.result["release"]
    assert world.slipway("promote", "staging").result["release"] == release
    answer = world.slipway("invoke", "staging").result["answer"]
    assert answer == {"churns": pytest.approx([0.5, 0.2])}
    for stage in ("dev", "staging"):
        world.assert_clean(stage, serves=release, refresh=False)
