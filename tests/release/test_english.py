"""Sentences around data are English whatever the data: the article fits the word that it stands before."""

from typing import get_args

import pytest

from release.domain.english import begun_with_article, with_article
from release.domain.errors import SlipwayError
from release.domain.ledger import Kind, OpenRollout, Phase, Request, Subject, decide
from release.domain.occasions import Occasion
from tests.release.examples import NEW, history, open_rollout

AN = {"apply", "experiment", "unlock", "approve"}


@pytest.mark.parametrize("kind", get_args(Kind))
def test_each_kind_of_entry_has_its_article(kind):
    article = "an" if kind in AN else "a"
    assert with_article(kind) == f"{article} {kind}"
    assert begun_with_article(f"{kind} of {NEW}") == f"{article.capitalize()} {kind} of {NEW}"


def of(kind) -> OpenRollout:
    found = open_rollout(history("opened", "moving"))
    assert found is not None
    subject = Subject(kind=kind, endpoint="delays", release=NEW, rollout="r1")
    return OpenRollout(subject, found.opened, found.owner, Phase.MOVING)


@pytest.mark.parametrize("alive", [True, False])
@pytest.mark.parametrize("kind", ["release", "promote", "apply", "rollback", "experiment"])
def test_who_meets_a_rollout_is_told_so_in_english(kind, alive):
    with pytest.raises(SlipwayError) as caught:
        decide(of(kind), alive, Request("release", "fares", NEW), "prod")
    assert caught.value.cause.startswith(f"{'An' if kind in AN else 'A'} {kind} of {NEW} (delays) ")


def test_an_occasion_without_a_name_is_told_by_its_kind():
    assert str(Occasion(kind="alarm")) == "an alarm"
    assert str(Occasion(kind="person", because="June")) == "a person: June"
