"""The committed table is the suite's."""

from tests.sandbox.conformance.table import PAGE, lines, page


def test_the_table_is_current() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.sandbox.conformance.table and commit the page"


def test_every_behaviour_is_one_sentence() -> None:
    for line in lines():
        assert line.statement.endswith("."), f"{line.file}: {line.statement}"
