"""Pulumi.<stage>.yaml: what a change of pins keeps, and how a broken file is explained."""

import shutil
from pathlib import Path

import pytest

from release.adapters import stage_file
from release.adapters.stage_file import YamlStageFile, mend_booleans
from release.domain import stage as stage_settings
from release.domain.errors import ServiceError, UsageError
from release.domain.pins import EndpointSettings, Pins, Proposed
from tests.release.examples import NEW, NEXT, OLD, pin, pins

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def prod(tmp_path):
    return Path(shutil.copy(ROOT / "Pulumi.prod.yaml", tmp_path))


def endpoint(path: Path) -> EndpointSettings:
    return stage_settings.parse("prod", stage_file.read_config(path)).endpoints["delays"]


def test_pins_come_back_as_they_were_written(prod):
    wanted = endpoint(prod).model_copy(update={"live": pin(NEW), "previous": pin(OLD, type="ml.c7i.large")})
    stage_file.write_pins(prod, "delays", wanted)
    assert endpoint(prod) == wanted


def test_everything_else_stays_to_the_byte(prod):
    before = prod.read_text()
    wanted = endpoint(prod)
    stage_file.write_pins(prod, "delays", wanted.model_copy(update={"live": pin(NEW)}))
    assert prod.read_text().startswith(before.rstrip("\n"))
    stage_file.write_pins(prod, "delays", wanted)
    assert prod.read_text() == before


COMMENTED = """\
# top
config:
  aws:region: us-east-1  # near
  slipway:account: "123456789012"
  slipway:endpoints:
    # the first
    delays:
      # its fleet
      instances: {min: 1}  # at night
%s
    # the second

    # it is empty
    fares:
    # the third
    tips: {}  # nothing yet
  # end of the endpoints
  slipway:protect: true
# bottom
"""
PLAIN = """\
      # what serves
      live:  # since May
        # content
        release: "0c77e1d2ab93"
        capacity: 2
      # what served
      previous: {release: "0c77e1d2ab93"}
      # bounds
      alarms: {latency_ms: 9}"""


def comments(text):
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#") or not line.strip()]


class TestComments:
    """A comment on the next key must not go with the pin before it."""

    @pytest.mark.parametrize("endpoint", ["delays", "fares", "tips"])
    @pytest.mark.parametrize("pins_in_it", ["      alarms: {latency_ms: 9}", PLAIN])
    def test_every_line_of_comment_stays_where_it_is(self, tmp_path, endpoint, pins_in_it):
        path = tmp_path / "Pulumi.dev.yaml"
        path.write_text(COMMENTED % pins_in_it)
        written = [pins(NEW, OLD), pins(NEW, OLD, NEXT), pins(NEXT, NEW), pins(NEXT), Pins()]
        kept = [line for line in comments(path.read_text()) if line != "# content"]
        for found in written:
            stage_file.write_pins(path, endpoint, found)
            text = path.read_text()
            assert [line for line in comments(text) if line != "# content"] == kept
            assert text.index("# the second") > text.index("delays:")
            assert text.index("fares:") > text.index("# it is empty")
            assert YamlStageFile(path).pins(endpoint) == found
        for near in ("us-east-1  # near", "{min: 1}  # at night", "# nothing yet"):
            assert near in path.read_text()

    @pytest.mark.parametrize("endpoint", ["delays", "tips"])
    def test_a_pin_that_comes_and_goes_leaves_nothing(self, tmp_path, endpoint):
        path = tmp_path / "Pulumi.dev.yaml"
        before = COMMENTED % "      alarms: {latency_ms: 9}"
        path.write_text(before)
        stage_file.write_pins(path, endpoint, pins(NEW, OLD))
        assert path.read_text() != before
        stage_file.write_pins(path, endpoint, Pins())
        assert path.read_text() == before


@pytest.mark.parametrize("release", ["123456789012", "1234567890e1", "010101010101"])
def test_a_release_that_looks_like_a_number_stays_text_for_every_yaml_reader(prod, release):
    stage_file.write_pins(prod, "delays", endpoint(prod).model_copy(update={"live": pin(release)}))
    assert endpoint(prod).live == pin(release)
    assert f'release: "{release}"' in prod.read_text()


def test_a_reader_sees_the_old_file_or_the_new_one_and_never_a_half(prod):
    before = prod.read_text()
    with prod.open() as reader:
        stage_file.write_pins(prod, "delays", endpoint(prod).model_copy(update={"live": pin(NEW)}))
        assert reader.read() == before


def test_no_other_file_is_left_behind(prod):
    stage_file.write_pins(prod, "delays", endpoint(prod).model_copy(update={"live": pin(NEW)}))
    assert list(prod.parent.iterdir()) == [prod]


@pytest.mark.parametrize(
    ("text", "line"),
    [("config:\n  a: [1\n  b: 2\n", "line 3"), ("config:\n\ta: 1\n", "line 2"), ("- a\n", "line 1")],
)
def test_broken_yaml_is_named_with_its_line(tmp_path, text, line):
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=line):
        stage_file.read_config(path)


def test_an_unknown_stage_lists_the_known_ones(prod):
    with pytest.raises(UsageError, match="Use one of: prod"):
        stage_file.path_of(prod.parent, "production")


def test_a_full_disk_leaves_the_old_file(prod, monkeypatch):
    before = prod.read_text()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ServiceError, match="No space left"):
        stage_file.write_pins(prod, "delays", endpoint(prod).model_copy(update={"live": pin(NEW)}))
    assert prod.read_text() == before
    assert list(prod.parent.iterdir()) == [prod]


def test_the_three_stages_differ_by_data_only():
    keys = {}
    for stage in ("dev", "staging", "prod"):
        config = stage_file.read_config(ROOT / f"Pulumi.{stage}.yaml")
        keys[stage] = stage_settings.parse(stage, config)
    assert {found.account for found in keys.values()} == {"123456789012"}


def test_a_wrong_setting_names_key_consequence_and_what_to_paste():
    with pytest.raises(UsageError) as caught:
        stage_settings.parse(
            "dev", {"aws:region": "us-east-1", "slipway:endpoints": {"delays": {"instanses": {}}}}
        )
    text = str(caught.value)
    assert "slipway:account" in text
    assert "slipway:endpoints.delays.instanses" in text
    assert "Nothing of stage dev" in text
    assert 'slipway:account: "123456789012"' in text


def test_the_engine_and_the_file_give_the_same_settings():
    import json

    config = stage_file.read_config(ROOT / "Pulumi.prod.yaml")
    from_engine = {k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()}
    assert stage_settings.parse("prod", from_engine) == stage_settings.parse("prod", config)


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_boolean_that_the_engine_wrote_as_text_is_one_again(prod, value):
    """The engine makes every scalar a text when it changes the file."""
    before = prod.read_text().replace("slipway:protect: true", f"slipway:protect: {value}")
    prod.write_text(before.replace(f"slipway:protect: {value}", f'slipway:protect: "{value}"'))
    assert f'slipway:protect: "{value}"' in prod.read_text()
    mend_booleans(prod)
    assert prod.read_text() == before
    prod.write_text(before.replace(f"slipway:protect: {value}", f'slipway:protect: "{value}"'))
    stage_file.write_pins(prod, "delays", endpoint(prod).pins)
    assert prod.read_text() == before


class TestTwoChangesThatMet:
    def test_a_conflict_that_is_not_resolved_is_named_with_its_line(self, prod):
        lines = prod.read_text().splitlines()
        conflict = ["<<<<<<< HEAD", "      proposed: {}", "=======", "      proposed: []", ">>>>>>> other"]
        prod.write_text("\n".join([*lines, *conflict, ""]))
        with pytest.raises(UsageError, match=rf"line {len(lines) + 1}: a merge conflict") as caught:
            stage_file.read_config(prod)
        assert "git checkout HEAD -- Pulumi.prod.yaml" in caught.value.next_step

    @pytest.mark.parametrize("key", ["proposed", "candidate"])
    def test_two_promotions_are_not_one(self, prod, key):
        prod.write_text(f"{prod.read_text()}      {key}: {{}}\n      {key}: {{}}\n")
        with pytest.raises(UsageError, match=f"one endpoint has `{key}` twice"):
            stage_file.read_config(prod)

    def test_another_key_that_stands_twice_is_broken_yaml(self, prod):
        prod.write_text(f"{prod.read_text()}      workers: 1\n      workers: 2\n")
        with pytest.raises(UsageError, match="duplicate key"):
            stage_file.read_config(prod)


class TestAProposal:
    PROPOSED = Proposed(
        release=NEXT,
        image=pin().image,
        model=pin().model,
        sha256=pin().sha256,
        source="staging",
        replaces=NEW,
    )

    def propose(self, path: Path) -> None:
        path.write_text(YamlStageFile(path).proposing("delays", self.PROPOSED).after)

    def test_it_is_read_as_it_was_written_and_is_no_pin(self, prod):
        stage_file.write_pins(prod, "delays", pins(live=NEW, previous=OLD))
        before = YamlStageFile(prod).pins("delays")
        self.propose(prod)
        assert endpoint(prod).proposed == self.PROPOSED
        assert YamlStageFile(prod).pins("delays") == before

    def test_it_stays_while_a_candidate_is_under_way_and_ends_with_it(self, prod):
        self.propose(prod)
        stage_file.write_pins(prod, "delays", pins(live=NEW, candidate=NEXT))
        assert endpoint(prod).proposed == self.PROPOSED
        stage_file.write_pins(prod, "delays", pins(live=NEXT, previous=NEW))
        assert endpoint(prod).proposed is None
        assert "proposed" not in prod.read_text()
