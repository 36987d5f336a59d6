"""What holds for every format of an export, whichever there are."""

import re
from pathlib import PurePosixPath

import pytest

from integrations import formats
from tests.integrations.stages import endpoint_of, exported, pin_of

every = pytest.mark.parametrize("name", formats.formats())


def text_of(name, value):
    """All that a format writes."""
    return "\n".join(formats.files_of(name, value).values())


def test_a_folder_with_an_export_is_a_format():
    assert "terraform" in formats.formats()
    assert "stages" not in formats.formats()


@every
def test_the_same_value_writes_the_same_bytes(name):
    files = formats.files_of(name, exported())
    assert files == formats.files_of(name, exported())
    assert files
    for path in files:
        assert not PurePosixPath(path).is_absolute()
        assert ".." not in PurePosixPath(path).parts


@every
def test_what_is_pinned_is_in_it_by_digest_and_by_its_bytes(name):
    text = text_of(name, exported())
    assert pin_of(1).digest in text
    assert pin_of(1).sha256 in text
    assert pin_of(3).digest not in text


@every
def test_another_pin_is_another_file(name):
    assert text_of(name, exported()) != text_of(name, exported(endpoint_of(live=3)))


@every
def test_an_endpoint_without_a_way_back_and_two_endpoints_are_told(name):
    assert pin_of(2).digest not in text_of(name, exported(endpoint_of(previous=None)))
    both = text_of(name, exported(endpoint_of(), endpoint_of(name="fares")))
    assert "delays" in both
    assert "fares" in both


@every
def test_every_file_ends_with_a_line(name):
    assert all(text.endswith("\n") for text in formats.files_of(name, exported()).values())


@every
def test_what_an_object_is_called_in_kubernetes_has_one_meaning(name):
    files = formats.files_of(name, exported(endpoint_of(), endpoint_of(name="fares")))
    called = re.findall(r"app\.kubernetes\.io/name: (\S+)", "\n".join(files.values()))
    assert set(called) <= {"delays-prod", "fares-prod"}, "Services and rollouts find pods by it"
