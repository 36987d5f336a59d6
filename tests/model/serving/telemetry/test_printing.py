"""Lines to a stdout that is slow, full, broken or closed: nobody waits, and what is lost is counted."""

import fcntl
import os
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import suppress

import pytest

from model.serving.telemetry.printing import Printer, Turn
from tests.model.serving.running import until

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Generator[Pipe]:
    """Both ends of a pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        with suppress(OSError):  # the test closed it
            os.close(end)


def test_lines_arrive_in_order(pipe: Pipe) -> None:
    printer = Printer(os.dup(pipe[1]), Turn())
    for number in range(20):
        until(lambda: printer.waiting == 0, "the line before is taken")
        printer.write(b"%d\n" % number)
    printer.close(5)
    assert os.read(pipe[0], 1000).split() == [b"%d" % number for number in range(20)]
    assert printer.dropped == 0


@pytest.mark.parametrize("blocking", [True, False])
def test_a_full_pipe_holds_nobody_up(pipe: Pipe, blocking: bool) -> None:
    os.set_blocking(pipe[1], blocking)
    printer, line = Printer(os.dup(pipe[1]), Turn()), b"x" * 50_000 + b"\n"
    start = time.perf_counter()
    for _ in range(1000):
        printer.write(line)
    assert time.perf_counter() - start < 0.5
    assert printer.dropped >= 990
    start = time.perf_counter()
    printer.close(0.1)
    assert time.perf_counter() - start < 1
    # whoever reads again gets whole lines
    data, kept = b"", 1000 - printer.dropped
    while len(data) < kept * len(line):
        data += os.read(pipe[0], 100_000)
    assert data == line * kept


def test_a_reader_that_is_gone_is_counted_and_logged_once(
    pipe: Pipe, caplog: pytest.LogCaptureFixture
) -> None:
    os.close(pipe[0])
    printer = Printer(os.dup(pipe[1]), Turn())
    for number in range(1, 4):
        printer.write(b"x\n")
        until(lambda number=number: printer.dropped == number, "the line is dropped")
    assert [record.getMessage() for record in caplog.records] == [
        "a telemetry window could not be printed: Broken pipe"
    ]


def test_a_closed_stdout_drops_all() -> None:
    printer = Printer(None, Turn())
    printer.write(b"x\n")
    printer.close(1)
    assert printer.dropped == 1


def test_lines_of_several_writers_do_not_mix(pipe: Pipe) -> None:
    """Each longer than what the pipe holds, so that a writer is interrupted in every line."""
    fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, 4096)
    turn = Turn()
    printers = [Printer(os.dup(pipe[1]), turn) for _ in range(4)]
    lines = [bytes([ord("a") + index]) * 9_000 + b"\n" for index in range(4)]
    received: list[bytes] = []

    def read() -> None:
        while part := os.read(pipe[0], 65_536):
            received.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(50):
        for printer, line in zip(printers, lines, strict=True):
            until(lambda printer=printer: printer.waiting == 0, "the line before is taken")
            printer.write(line)
    for printer in printers:
        printer.close(5)
    os.close(pipe[1])
    reader.join()
    assert Counter(b"".join(received).splitlines(keepends=True)) == dict.fromkeys(lines, 50)
