"""When a composite alarm takes its actions, where another alarm suppresses them (ActionsSuppressor). Pure.

A change waits for WaitPeriod, in which the suppressor may ring. While it rings no action is taken. When it
rings no more, ExtensionPeriod passes. What is told then is the state of that moment, if it was not told
before ("Suppressing composite alarm actions" in CloudWatch's user guide).
"""

from dataclasses import dataclass


@dataclass
class Suppression:
    """The suppressor of a composite alarm, and what it keeps back."""

    by: str
    """The suppressor's name."""
    wait: int
    extension: int
    told: str
    """The state that the actions were last taken for."""
    rings: bool = False
    """Whether the suppressor rang at the last look."""
    until: float = 0.0
    """The clock's second until which the actions wait; 0: nothing waits."""
    extended: bool = False
    """Whether it is ExtensionPeriod that passes."""

    def look(self, at: float, state: str, rings: bool) -> bool:
        """Whether the actions for `state` are taken at this second of the clock."""
        rang, self.rings = self.rings, rings
        if rings:
            self.until, self.extended = 0.0, False
            return False
        if rang:
            self.until, self.extended = at + self.extension, True
        elif not self.until and state != self.told:
            self.until = at + self.wait
        if not self.until or at < self.until:
            return False
        self.until, self.extended = 0.0, False
        untold, self.told = state != self.told, state
        return untold

    def due(self, state: str, rings: bool) -> float | None:
        """The clock's second of the next look: 0 for at once, None for no look at all."""
        if rings != self.rings or (state != self.told and not rings and not self.until):
            return 0.0
        return self.until or None

    @property
    def why(self) -> str:
        """What holds the actions back, in the words of ActionsSuppressedBy; empty where nothing does."""
        if self.rings:
            return "Alarm"
        if not self.until:
            return ""
        return "ExtensionPeriod" if self.extended else "WaitPeriod"
