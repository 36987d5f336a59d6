"""How many bytes of large bodies a process holds at once. Small ones are bounded by the connections."""


class Budget:
    """Bytes that are taken while a body is read and answered, and given back after it."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def take(self, count: int) -> bool:
        """Whether `count` bytes more may be held; if so, they are."""
        if count > self._left:
            return False
        self._left -= count
        return True

    def give(self, count: int) -> None:
        """`count` bytes are held no longer."""
        self._left += count
