"""What wrk is told, and what it says."""

from pathlib import Path

import pytest

from measuring import generator, wrk
from measuring.connections import Outcome

SAID = """Running 1s test @ http://127.0.0.1:9001/invocations
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.34ms    0.2ms   3.1ms   90.00%
Requests/sec:   6875.70

bench-serving:{"requests": 7000, "micros": 2000000, "p50": 1340, "p99": 3100, "status": 20, "broken": 1}
"""


def test_the_summary_is_read() -> None:
    load = wrk.parse(SAID)
    assert (load.requests, load.seconds, load.p50_ms, load.p99_ms, load.errors) == (7000, 2.0, 1.34, 3.1, 21)
    assert load.rate == 3489.5


@pytest.mark.parametrize("said", ["", "unable to connect to 127.0.0.1:9 Connection refused\n"])
def test_a_load_that_was_none_is_an_error(said: str) -> None:
    with pytest.raises(wrk.LoadError, match="reported nothing"):
        wrk.parse(said)


def test_the_script_posts_the_file_with_its_headers() -> None:
    text = wrk.script({"Content-Type": 'text/"csv"'}, Path("/x/a body"))
    assert '["Content-Type"] = "text/\\"csv\\""' in text
    assert 'io.open("/x/a body", "rb")' in text
    assert "{{" not in text


def test_the_generator_of_our_own_says_the_same() -> None:
    outcome = Outcome(seconds=[0.001] * 98 + [0.005] * 2)
    outcome.bad["500"] = 3
    load = wrk.parse(generator.line(outcome, 2.0))
    assert (load.requests, load.errors, load.p50_ms, load.p99_ms) == (103, 3, 1.0, 5.0)


def test_the_generator_posts_what_wrk_would() -> None:
    message = generator.message("http://127.0.0.1:80/score", {"Content-Type": "text/csv"}, b"a\n1\n")
    head, body = message.split(b"\r\n\r\n")
    assert head.splitlines()[0] == b"POST /score HTTP/1.1"
    assert b"Content-Type: text/csv" in head
    assert b"Content-Length: 4" in head
    assert body == b"a\n1\n"
