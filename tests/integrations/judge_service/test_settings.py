"""What the service is told when it starts: nonsense is refused before it listens, with words."""

import subprocess
import sys

import pytest

from integrations.judge_service.settings import parse
from release.domain.errors import UsageError
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("--port", ["99999", "-1"]),
        ("--objective-ms", ["0", "-5", "nan", "inf", "1e9"]),
        ("--most-bytes", ["0", "-1"]),
        ("--most-rollouts", ["0", "-1"]),
        ("--prometheus", ["prometheus:9090", "file:///data", "http://", "http://[", "http://x:99999", ""]),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(argument, values):
    for value in values:
        with pytest.raises(UsageError, match=f"^{argument} is "):
            parse(["--folder", "kept", f"{argument}={value}"])


def test_what_makes_sense_is_taken():
    words = "--port=0 --objective-ms=0.5 --most-bytes=1 --most-rollouts=1 --prometheus=https://x/prometheus"
    found = parse(["--folder", "kept", *words.split()])
    assert (found.port, found.most_bytes, found.most_rollouts) == (0, 1, 1)
    assert found.prometheus
    assert found.prometheus.address == "https://x/prometheus"


def test_the_process_says_so_and_ends_with_2(tmp_path):
    command = [sys.executable, "-m", "integrations.judge_service", "--folder", str(tmp_path), "--port=99999"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr.startswith("error: --port is 99999.")) == (2, True)
    assert "Traceback" not in done.stderr
