"""What a child process prints into its file, as it comes: whole lines, each once."""

from pathlib import Path

_CHUNK = 1 << 20


class Output:
    """How far a file was read, and the beginning of a line that is not complete yet."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._offset = 0
        self._rest = b""

    def lines(self) -> list[str]:
        """The lines that were completed since the last time, without empty ones; of at most 1 MiB."""
        try:
            with self.file.open("rb") as log:
                log.seek(self._offset)
                chunk = log.read(_CHUNK)
        except FileNotFoundError:
            return []
        self._offset += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [line.decode(errors="replace") for line in lines if line]

    def last(self) -> list[str]:
        """All that is left, once nobody writes any more; a last line needs no end."""
        found, before = self.lines(), 0
        while before != self._offset:
            before = self._offset
            found += self.lines()
        rest, self._rest = self._rest, b""
        return [*found, rest.decode(errors="replace")] if rest else found
