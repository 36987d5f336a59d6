"""What a shell is told to export."""

from sandbox.control.environment import export_lines


def test_exported_values_are_safe_for_a_shell() -> None:
    lines = export_lines({"A": "it's $HOME", "PATH": "/x"})
    assert lines[0] == """export A='it'"'"'s $HOME'"""
    assert lines[-1].endswith(':"$PATH"')
