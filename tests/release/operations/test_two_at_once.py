"""Two processes that begin a rollout of one stage at the same time, on one endpoint or on two: one has it."""

from contextlib import suppress

import pytest

from release.domain.errors import SlipwayError
from release.domain.ledger import Opened, Subject
from release.operations.apply import apply
from release.operations.promote import Order, promote
from release.operations.rollback import rollback
from tests.fakes.ledger import process
from tests.fakes.world import Told
from tests.release.operations.test_experiment_beside_others import two
from tests.release.scenes import ENDPOINT, pins_now, serving

COMMANDS = {
    "promote": lambda world: promote(world, Order("prod", endpoint=ENDPOINT), Told()),
    "apply": lambda world: apply(world, "prod", ENDPOINT, Told()),
    "rollback": lambda world: rollback(world, "prod", ENDPOINT, Told()),
}


@pytest.mark.parametrize("endpoint", [ENDPOINT, "fares"])
@pytest.mark.parametrize("command", COMMANDS)
def test_whenever_another_process_opens_one_first_this_one_opens_none(project, command, endpoint):
    refused = 0
    for moment in range(1, 30):
        dev, prod = serving(2, 0, stage="dev"), serving(0, 1, stage="prod")
        two(prod, 3, 1)
        world, before = project(dev, prod), pins_now(prod)
        if command == "apply":
            changed = {"environment": {"A": "b"}}
            prod.file.endpoints[ENDPOINT] = prod.file.endpoints[ENDPOINT].model_copy(update=changed)
        done: list[str] = []

        def opens(prod=prod, done=done, before=before):
            if prod.ledger.current is not None:
                return
            mine, prod.ledger.owner = prod.ledger.owner, process(90)
            prod.ledger.all_open()
            subject = Subject(kind="promote", endpoint=endpoint, release=prod.pin(7).release, rollout="other")
            prod.ledger.append(subject, Opened(before=before, after=before))
            prod.ledger.living.add(90)
            prod.ledger.owner = mine
            done.append("other")

        prod.trouble.plan(moment, opens)
        with suppress(SlipwayError):
            COMMANDS[command](world)
        prod.trouble.plan(None, None)
        opened = [one.entry for one in prod.ledger.stored if isinstance(one.entry.what, Opened)]
        assert len(opened) == 1, f"at moment {moment}: {[one.subject for one in opened]}"
        refused += len(done)
    assert refused > 3
