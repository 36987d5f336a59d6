"""The account's quotas in memory."""

from dataclasses import dataclass, field

from release.domain.quotas import NotTold, Quota


@dataclass
class FakeQuotas:
    """`values` by name; a quota that is not in it is 100. Where nobody may ask, `denied` says why."""

    values: dict[str, float | None] = field(default_factory=dict)
    denied: str = ""
    asked: list[str] = field(default_factory=list)

    def of(self, name: str, seconds: float) -> Quota | None:
        """The quota of this name, at once."""
        self.asked.append(name)
        if self.denied:
            raise NotTold(self.denied)
        value = self.values.get(name, 100.0)
        return None if value is None else Quota(name, "L-12345678", value)
