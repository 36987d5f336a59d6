"""What earlier versions wrote: a stage file is read and rewritten once, a rollout of theirs ends whole."""

import dataclasses
import hashlib
from pathlib import Path

import pytest

from release.adapters import stage_file
from release.adapters.stage_file import YamlStageFile
from release.domain import former, names, plan, stage
from release.domain.chain import broken_link
from release.domain.ledger import (
    Opened,
    Phase,
    Request,
    Stored,
    Subject,
    following,
)
from release.domain.pins import Pins
from release.operations import rollouts
from release.operations.history import history
from release.operations.land import Grounds, land
from release.operations.rollback import rollback
from tests.fakes.world import FakeStage, FakeWorld, Told
from tests.release import examples
from tests.release.examples import AT, NEW, NEXT, OLD, OWNER, TYPE, open_rollout, pin
from tests.release.scenes import ENDPOINT, NAME, config_of, pins_now, serves, serving, sure

SUBJECT = Subject(kind="promote", endpoint=ENDPOINT, release=NEW, rollout="r1")
FILE = """\
# What callers depend on.
config:
  aws:region: us-east-1
  slipway:account: "123456789012"  # production
  slipway:endpoints:
    delays:
      # two at night
      instances: {type: ml.m7i.large, min: 2, max: 8}
      live:
        release: "3f2a9c01d4e7"
        image: registry/slipway-prod@sha256:%(3)s
        model: s3://slipway-prod/models/%(3)s/model.tar.gz
        sha256: "%(3)s"
        capacity: 2
        via: rollback
      previous:
        release: "0c77e1d2ab93"
        image: registry/slipway-prod@sha256:%(0)s
        model: s3://slipway-prod/models/%(0)s/model.tar.gz
        sha256: "%(0)s"
        capacity: 2
      older:
        release: "81bb02aa6f10"
        image: registry/slipway-prod@sha256:%(8)s
        model: s3://slipway-prod/models/%(8)s/model.tar.gz
        sha256: "%(8)s"
        capacity: 2
    # nothing there yet
    fares:
      instances: {type: ml.c7i.large}
""" % {digit: digit * 64 for digit in "038"}


class TestStageFile:
    @pytest.fixture
    def path(self, tmp_path) -> Path:
        path = tmp_path / "Pulumi.prod.yaml"
        path.write_text(FILE)
        return path

    def parsed(self, path):
        return stage.parse("prod", stage_file.read_config(path))

    def test_it_is_read_as_todays(self, path):
        delays = self.parsed(path).endpoints["delays"]
        assert [found.release for found in delays.pins.named] == [NEW, OLD]
        assert {found.type for found in delays.pins.named} == {TYPE}
        assert YamlStageFile(path).pins("delays") == delays.pins

    def test_how_a_release_became_live_is_no_part_of_its_config(self, path):
        """Otherwise the next `pulumi up` would delete the config that serves."""
        live = sure(self.parsed(path).endpoints["delays"].pins.live)
        content = {
            "variant": "live",
            "model_name": f"delays-prod-{NEW}",
            "instance_type": TYPE,
            "capacity": 2,
            "weight": 1.0,
        }
        assert config_of(live).name == names.endpoint_config("delays", "prod", content)

    def test_a_rollout_rewrites_it_once_and_says_so(self, path):
        fake, told = FakeStage("prod", {}), Told()

        def take(rollout):
            config = stage_file.read_config(path)
            ports = dataclasses.replace(
                fake.ports(),
                settings=stage.parse("prod", config),
                former=former.is_former(config),
                file=YamlStageFile(path),
            )
            before = ports.settings.endpoints["delays"].pins
            request = Request("promote", "delays", rollout)
            rollouts.take(ports, request, lambda: Opened(before=before, after=before), told)
            return before

        before = take(NEW)
        assert told.text == "Pulumi.prod.yaml was written by an earlier version: its pins are rewritten"
        text = path.read_text()
        assert "older" not in text
        assert "via" not in text
        assert text.count(f"type: {TYPE}") == 3
        for kept in ("# What callers depend on.", "# production", "# two at night", "# nothing there yet"):
            assert kept in text
        assert self.parsed(path).endpoints["delays"].pins == before
        fake.ledger.stored.clear()
        assert take(NEW) == before
        assert path.read_text() == text
        assert told.text.count("rewritten") == 1

    @pytest.mark.parametrize(
        ("endpoints", "old"),
        [
            ({"delays": {"live": {"release": NEW}}}, True),
            ({"delays": {"live": {"release": NEW, "type": TYPE, "via": "rollback"}}}, True),
            ({"delays": {"older": {"release": NEW}}}, True),
            ({"delays": {"live": {"release": NEW, "type": TYPE}}}, False),
            ({"delays": None, "fares": {"instances": {}}}, False),
            (None, False),
        ],
    )
    def test_which_files_are_an_earlier_versions(self, endpoints, old):
        assert former.is_former({"slipway:endpoints": endpoints}) is old


def dumped(found):
    """A pin as the earlier version's ledger has it."""
    values = found.model_dump(exclude={"type"}) if found else None
    return values and values | {"via": "rollout"}


def dumped_pins(found, older=None):
    values = {role: dumped(getattr(found, role)) for role in ("live", "candidate", "previous")}
    return values | {"older": dumped(older)}


def entry(last, event, kind="promote", release=NEW, owner=OWNER, **data):
    """The bytes that the earlier version wrote for an event."""
    return names.canonical_json(
        {
            "format": 1,
            "number": last.entry.number + 1 if last else 1,
            "previous": last.sha256 if last else "",
            "at": AT,
            "kind": kind,
            "event": event,
            "endpoint": "delays",
            "release": release,
            "rollout": "r1",
            "owner": owner.model_dump(),
            "data": data,
        }
    )


def written(*events, before=None, after=None, **changes):
    """Entries of the earlier version, as they lie in the bucket."""
    data = {
        "opened": {
            "before": before or dumped_pins(examples.pins(OLD, NEXT)),
            "after": after or dumped_pins(examples.pins(NEW, OLD), pin(NEXT)),
        },
        "reverting": {"reason": "no ping"},
        "reverted": {"reason": "no ping"},
        "refused": {"reasons": ["auc: too low"]},
    }
    found: list[bytes] = []
    for event in events:
        last = Stored.from_bytes(found[-1]) if found else None
        found.append(entry(last, event, **changes, **data.get(event, {})))
    return found


class TestLedger:
    @pytest.mark.parametrize(
        ("event", "today"),
        [
            *((same, same) for same in ("moving", "reverting", "landed", "reverted", "resumed", "refused")),
            ("pinning", "creating"),
            ("applying", "creating"),
            ("checking", "verifying"),
        ],
    )
    def test_every_event_is_read_as_todays(self, event, today):
        found = Stored.from_bytes(written("opened", event)[1]).entry
        assert found.what.event == today
        assert (found.subject.kind, found.subject.endpoint, found.subject.release) == (
            "promote",
            "delays",
            NEW,
        )
        assert (found.subject.rollout, found.owner, found.at) == ("r1", OWNER, AT)
        said = found.what.model_dump()
        assert said.get("reason", "") == ("no ping" if event in {"reverting", "reverted"} else "")
        assert said.get("reasons", ()) == (("auc: too low",) if event == "refused" else ())

    def test_its_pins_are_read_without_what_there_is_no_more(self):
        opened = Stored.from_bytes(written("opened")[0]).entry.what
        assert isinstance(opened, Opened)
        assert opened.before.on(TYPE) == examples.pins(OLD, NEXT)
        assert opened.after.on(TYPE) == examples.pins(NEW, OLD)

    def test_the_chain_is_whole_over_the_bytes_as_they_were_written(self):
        old = written("opened", "pinning", "applying", "checking", "landed", "refused")
        stored = [Stored.from_bytes(data) for data in old]
        assert [found.sha256 for found in stored] == [hashlib.sha256(data).hexdigest() for data in old]
        assert broken_link(stored) is None
        stored[2] = Stored.from_bytes(old[2].replace(b"ci-1", b"ci-2"))
        assert "entry 4 does not follow from entry 3" in str(broken_link(stored))

    def test_a_reason_is_kept(self):
        found = open_rollout([Stored.from_bytes(data) for data in written("opened", "checking", "reverting")])
        assert found is not None
        assert (found.phase, found.reason) == (Phase.REVERTING, "no ping")

    def test_an_entry_of_a_later_format_is_not_guessed_at(self):
        with pytest.raises(ValueError, match="format"):
            Stored.from_bytes(written("opened")[0].replace(b'"format":1', b'"format":4'))


FORWARD = ("pinning", "applying", "checking")
BACK = ("moving", "checking", "pinning", "applying")
PROMOTIONS = [
    *((FORWARD[:count], moved) for count in range(4) for moved in {count == 3, count > 1}),
    *(((*FORWARD, "reverting"), moved) for moved in (False, True)),
    ((*FORWARD, "reverting", "resumed"), True),
    (("pinning", "resumed"), False),
]
ROLLBACKS = [(BACK[:count], count > 1) for count in range(5)] + [(("moving", "checking", "reverting"), True)]


class TestApproval:
    def test_a_name_of_the_command_line_is_an_approval_still(self):
        """Of format 2, before people said yes by themselves."""
        today = Opened(before=Pins(), after=Pins())
        opened = today.model_dump(mode="json", exclude={"approvals"})
        entry = following(None, AT, SUBJECT, OWNER, today).model_dump(mode="json") | {"format": 2}
        for approval, wanted in (({"by": "ada", "reason": "agreed"}, ["ada: agreed"]), (None, [])):
            data = names.canonical_json(entry | {"what": opened | {"approval": approval}})
            stored = Stored.from_bytes(data)
            assert isinstance(stored.entry.what, Opened)
            assert list(map(str, stored.entry.what.approvals)) == wanted
            assert stored.sha256 == hashlib.sha256(data).hexdigest()


class TestOpenRollout:
    """A rollout that died under the earlier version. What its `pulumi up` had done may be done or not."""

    def stage(self, kind, events, moved):
        """The stage as that version left it: it pinned first, and `pulumi up` moved."""
        found = serving()
        older = found.pin(7)
        before = pins_now(found)
        if kind == "rollback":
            after = Pins(live=before.previous, previous=before.live)
        else:
            after = Pins(live=found.pin(2), previous=before.live)
        coming = sure(after.live)
        data = {"before": dumped_pins(before, older), "after": dumped_pins(after, before.previous)}
        for line in written("opened", *events, kind=kind, release=coming.release, **data):
            found.ledger.put(line)
        pinned = after if {"pinning", "applying"} & set(events) else before
        bare = {role: pin and pin.model_copy(update={"type": None}) for role, pin in dict(pinned).items()}
        found.file.endpoints[ENDPOINT] = found.file.endpoints[ENDPOINT].model_copy(update=bare)
        found.former = True
        if moved:
            for pin in (coming, older):
                config = config_of(pin)
                found.sagemaker.configs[config.name] = config
                model = plan.model_plan("prod", ENDPOINT, pin)
                found.sagemaker.models[model.name] = model
            found.sagemaker.endpoints[NAME].config = config_of(coming)
        found.new_process()
        return found, before, after

    def whole(self, stage, pins):
        assert pins_now(stage) == pins
        assert serves(stage) == config_of(pins.live)
        assert set(stage.sagemaker.configs) == {config_of(pin).name for pin in pins.named}
        assert stage.ledger.current is None
        assert broken_link(stage.ledger.stored) is None
        assert history(FakeWorld(stage), "prod", None).broken is None

    @pytest.mark.parametrize(("events", "moved"), PROMOTIONS)
    def test_the_same_command_goes_on_with_a_promotion(self, events, moved):
        stage, before, after = self.stage("promote", events, moved)
        asked = len(stage.sagemaker.updates)
        if "reverting" in events:
            with pytest.raises(Exception, match="did not land in prod: no ping"):
                land(stage.ports(), "promote", ENDPOINT, sure(after.live), Grounds(), Told())
            self.whole(stage, before)
        else:
            land(stage.ports(), "promote", ENDPOINT, sure(after.live), Grounds(), Told())
            self.whole(stage, after)
            assert len(stage.sagemaker.updates) - asked == (0 if moved else 1)

    @pytest.mark.parametrize(("events", "moved"), PROMOTIONS)
    def test_a_rollback_takes_a_promotion_back(self, events, moved):
        stage, before, _ = self.stage("promote", events, moved)
        found = rollback(FakeWorld(stage), "prod", None, Told())
        assert found.release == sure(before.live).release
        self.whole(stage, before)

    @pytest.mark.parametrize(("events", "moved"), ROLLBACKS)
    def test_a_rollback_is_finished_by_a_rollback(self, events, moved):
        stage, before, after = self.stage("rollback", events, moved)
        if "reverting" in events:
            with pytest.raises(Exception, match="did not land in prod: no ping"):
                rollback(FakeWorld(stage), "prod", None, Told())
            self.whole(stage, before)
        else:
            rollback(FakeWorld(stage), "prod", None, Told())
            self.whole(stage, after)

    @pytest.mark.parametrize(
        ("events", "phase"),
        [
            ((), "opened"),
            (("pinning",), "creating"),
            (("pinning", "applying"), "creating"),
            (FORWARD, "verifying"),
            ((*FORWARD, "reverting"), "reverting"),
            ((*FORWARD, "resumed"), "verifying"),
        ],
    )
    def test_it_goes_on_where_it_stopped(self, events, phase):
        stage, _, after = self.stage("promote", events, moved=len(events) > 1)
        told = Told()
        try:
            land(stage.ports(), "promote", ENDPOINT, sure(after.live), Grounds(), told)
        except Exception:
            assert "reverting" in events
        assert f"that stopped at {phase!r}" in told.events[0].text
        assert stage.ledger.stored[len(events) + 1].entry.what.event == "resumed"
        assert stage.ledger.stored[len(events) + 1].entry.format == 3
