"""All places where captured rows lie, and what was made of them: a deletion goes through each. Pure.

Who keeps something below `monitoring/<endpoint>/` names its folder here, and what a deletion does there. One
that comes upon an object in a folder that nobody named says so, and is not whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from monitoring.capture.selection import CAPTURES, Change, Count, Selected

EXPOSURES, OUTCOMES = "exposures/", "outcomes/"
EXPERIMENTS = {EXPOSURES: "exposures of experiments", OUTCOMES: "outcomes of experiments"}
"""Folders of `experiments/<id>/` of the stage's bucket, where callers leave files of these."""
TRUTH = "truth files"
UNKNOWN = "a folder that forget does not know"


class Holds(StrEnum):
    """What lies in a place, by what a deletion does there."""

    HOUR = "hour"
    """What was made of an hour's records. It goes with the hour, and is made anew of what is left."""
    DAY = "day"
    """Counts of a day, and names of requests that came twice: as an hour's."""
    JUDGED = "judged"
    """Counts by which a day was judged, once and for all: these stay, and the names of requests go."""
    LABELS = "labels"
    """A table of labels, each of a request by its name: those of the requests that go, go."""
    REJECTED = "rejected"
    """Lines that were no labels, with their cause."""
    NOBODY = "nobody"
    """Sums of many rows, and notes of files and processes: nobody's row."""


ROWS, QUARANTINE = "rows/", "quarantine/"
PLACES = {
    ROWS: Holds.HOUR,
    QUARANTINE: Holds.HOUR,
    "hours/": Holds.HOUR,
    "quality/labels/": Holds.LABELS,
    "quality/waiting.parquet": Holds.LABELS,
    "quality/quarantine/": Holds.REJECTED,
    "quality/days/": Holds.DAY,
    "quality/judged/": Holds.JUDGED,
    "quality/files/": Holds.NOBODY,
    "watermark.json": Holds.NOBODY,
    "drift/": Holds.NOBODY,
    "again/": Holds.NOBODY,
    "lock/": Holds.NOBODY,
}
"""Below `monitoring/<endpoint>/`."""


def of_experiment(name: str, folder: str) -> str:
    """The prefix of the stage's bucket under which an experiment's exposures or outcomes lie."""
    return f"experiments/{name}/{folder}"


def of_experiments(ids: Iterable[str]) -> list[tuple[str, str]]:
    """Prefixes of the stage's bucket with files of these experiments, each with its place."""
    return [(of_experiment(name, folder), told) for name in ids for folder, told in EXPERIMENTS.items()]


def place_of(key: str) -> str:
    """The place of a key below `monitoring/<endpoint>/`; empty where nobody named one."""
    return next((place for place in PLACES if key.startswith(place)), "")


@dataclass(frozen=True)
class Scope:
    """Of whom, and where, a deletion searches."""

    endpoint: str
    """Its name in the stage, ..."""
    in_sagemaker: str
    """... and in SageMaker."""
    selected: Selected
    captures: tuple[str, ...]
    """Wherever anything of it was ever captured to, as URIs."""
    experiments: tuple[str, ...] = ()
    """The ids of its experiments, by which files of exposures and outcomes lie."""
    truth: str = ""
    """Where the truth of its answers lies, as a URI. Whoever writes it owns it."""
    day: str = ""
    """`yyyy/mm/dd` where a day is selected."""


@dataclass
class Found:
    """What a search came to."""

    changes: list[Change] = field(default_factory=list)
    """Objects that hold something selected, and are written anew without it."""
    derived: list[Change] = field(default_factory=list)
    """Objects that were made of it, and go as a whole."""
    hours: set[str] = field(default_factory=set)
    """`yyyy/mm/dd/hh` of selected records and rows."""
    names: set[str] = field(default_factory=set)
    """The inference ids of selected requests."""
    counts: dict[str, Count] = field(default_factory=dict)
    """By place."""
    unread: dict[str, int] = field(default_factory=dict)
    """By URI: records, or other entries of a file, of which nobody can tell whether they are selected."""
    owned: dict[str, int] = field(default_factory=dict)
    """By URI: entries of the truth of selected requests, which only its owner may delete."""

    @property
    def records(self) -> int:
        """Captured records."""
        return self.of(CAPTURES).found

    def of(self, place: str) -> Count:
        """What was found in a place."""
        return self.counts.get(place, Count(place=place))

    def add(self, place: str, found: int, unread: int) -> None:
        """Count one object of a place."""
        known = self.of(place)
        self.counts[place] = Count(
            place=place,
            searched=known.searched + 1,
            found=known.found + found,
            unread=known.unread + unread,
        )
