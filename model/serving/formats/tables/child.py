"""The child's main loop: `python -m model.serving.formats.tables.child`, on stdin and stdout.

It ends when its parent does, because then stdin ends.
"""

import resource
import signal
import sys
from contextlib import suppress
from typing import BinaryIO

from model.serving.formats.media import Format
from model.serving.formats.tables.decode import TooMuch, read
from model.serving.formats.tables.messages import TOO_MANY, Question, Refusal, exactly, receive, send

MEMORY = 1536 * 1024 * 1024
"""Bytes of address space. The longest bodies take 450 MB with a million rows of 18 columns."""
_SHOWN = 120


def main() -> None:
    """Answers questions until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # a Ctrl-C is for the parent, which lets what has begun end
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError):
        while True:
            _answer(sys.stdin.buffer, sys.stdout.buffer)


def _answer(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answers one question; nothing of it is kept. Raises EOFError when there is none."""
    question = receive(questions, Question)
    body = exactly(questions, question.size)
    try:
        columns, values = read(body, Format(question.media), frozenset(question.wanted), question.max_rows)
    except TooMuch as error:
        send(answers, Refusal(TOO_MANY, str(error)))
    except MemoryError:
        send(answers, Refusal(TOO_MANY, "The body needs too much memory when it is unpacked."))
    except Exception as error:
        first, *_ = str(error).splitlines() or [""]
        send(answers, Refusal("invalid_table", first[:_SHOWN]))
    except BaseException:  # a panic of Rust, which tells nothing to people
        send(answers, Refusal("invalid_table", "it is damaged"))
    else:
        send(answers, columns, values)


if __name__ == "__main__":
    main()
