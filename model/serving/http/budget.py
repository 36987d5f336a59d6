"""How many bytes of large bodies a process keeps in memory at once.

Small bodies need no such limit: the number of connections bounds them.
"""


class Budget:
    """A number of bytes. Each large body takes its share until it is answered, then gives it back."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def take(self, count: int) -> bool:
        """Takes `count` bytes if so many are left; says whether they were."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def give(self, count: int) -> None:
        """Gives `count` bytes back."""
        self._left += count
