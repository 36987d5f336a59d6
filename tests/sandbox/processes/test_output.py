"""What is read of a file that a process still writes."""

from pathlib import Path

from sandbox.processes.output import Output


def test_a_line_is_read_once_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "output.log"
    output = Output(file)
    assert output.lines() == []
    file.write_bytes(b"one\n\ntwo\nthr")
    assert output.lines() == ["one", "two"]
    with file.open("ab") as more:
        more.write(b"ee\nfour")
    assert output.lines() == ["three"]
    assert output.last() == ["four"]
    assert output.last() == []


def test_the_last_of_much_is_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "output.log"
    file.write_text("x" * 1000 + "\n" + "line\n" * 600_000 + "end")
    found = Output(file).last()
    assert len(found) == 600_002
    assert found[-1] == "end"
