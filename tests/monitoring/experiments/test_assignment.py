"""Who gets which variant: the documented vectors, the split, and what must never change for a caller."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from monitoring.experiments.assignment import Asked, arm, asked, inference_id
from release.domain.errors import UsageError

PAGE = Path(__file__).parents[3] / "docs/experiments.md"
ONE = "3f2a9c01d4e7"
IDS = st.text("0123456789abcdef", min_size=12, max_size=12)
KEYS = st.text("abcXYZ0189._@=+-", min_size=1, max_size=40)


def test_the_pages_vectors_are_true():
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `([0-9a-f]{12})` \| `(\S+)` \| `([0-9a-f]{16})` \| (\w+) \| (\w+) \|$", text, re.M
    )
    assert len(rows) >= 6
    for experiment, key, drawn, at_ten, at_fifty in rows:
        assert hashlib.sha256(f"{experiment}:{key}".encode()).hexdigest()[:16] == drawn
        assert (arm(experiment, key, 10), arm(experiment, key, 50)) == (at_ten, at_fifty)
    assert {(ten, fifty) for *_, ten, fifty in rows} == {
        ("live", "live"),
        ("live", "candidate"),
        ("candidate", "candidate"),
    }


@given(IDS, KEYS, st.integers(1, 99), st.integers(1, 99))
def test_whoever_is_in_the_candidate_stays_there_when_the_share_grows(experiment, key, one, other):
    low, high = sorted((one, other))
    if arm(experiment, key, low) == "candidate":
        assert arm(experiment, key, high) == "candidate"


@pytest.mark.parametrize("percent", [1, 10, 50, 90])
def test_the_share_is_the_share(percent):
    keys = 20_000
    seen = sum(arm(ONE, f"user-{n}", percent) == "candidate" for n in range(keys))
    share = percent / 100
    statistic = (seen - keys * share) ** 2 / (keys * share * (1 - share))
    assert chi2.sf(statistic, 1) > 0.001


def test_two_experiments_draw_their_keys_apart():
    keys = [f"user-{n}" for n in range(8_000)]
    both = [(arm(ONE, key, 50), arm("81bb02aa6f10", key, 50)) for key in keys]
    counts = [both.count((a, b)) for a in ("live", "candidate") for b in ("live", "candidate")]
    assert chi2.sf(sum((count - 2_000) ** 2 / 2_000 for count in counts), 3) > 0.001


def test_another_process_gives_the_same():
    program = (
        "from monitoring.experiments.assignment import arm;"
        f"print(''.join(arm({ONE!r}, str(n), 50)[0] for n in range(500)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "".join(arm(ONE, str(n), 50)[0] for n in range(500))


@pytest.mark.parametrize("key", ["", "a b", "a:b", "x" * 41, "ü", "a\n", "a#1"])
def test_what_could_not_be_told_from_the_rest_of_an_inference_id_is_no_key(key):
    with pytest.raises(UsageError, match="cannot be a key"):
        arm(ONE, key, 50)


@given(IDS, KEYS, st.sampled_from(["", "17", "2026-11-30/4"]))
def test_an_inference_id_says_whose_request_it_is_and_fits(experiment, key, request):
    found = inference_id(experiment, key, request)
    assert asked(found) == Asked(experiment, key)
    assert asked(f"{found}#3") == Asked(experiment, key)
    assert len(inference_id(experiment, key)) <= 64


@pytest.mark.parametrize(
    "text", [None, "", "slipway-own-request", f"{ONE}", f"{ONE}:", "x:user-1", f"{ONE}:a b"]
)
def test_other_inference_ids_say_nothing_of_an_experiment(text):
    assert asked(text) is None
