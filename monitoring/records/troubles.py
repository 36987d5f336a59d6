"""Why a captured record, or a file of them, says nothing: counted and quarantined by these words. Pure."""

from enum import StrEnum


class Trouble(StrEnum):
    """A cause. Its value is what people read, and what `HourCounts.troubles` counts by."""

    LINE = "captured line that is no record"
    """Not JSON: half-written, or of somebody else."""
    LONG = "captured line that is too long"
    """Longer than any request and answer that SageMaker takes."""
    FORM = "captured record of another form"
    """Without a request, an answer, a name or a time, or of another version."""
    ENCODING = "captured body that does not fit its encoding"
    TYPE = "captured body of a type that the release does not read or answer with"
    REQUEST = "captured request that holds no rows"
    ANSWER = "captured answer that holds no scores"
    ROWS = "captured answer with another number of rows than its request"
    DUPLICATE = "captured record that was there already"
    """An exchange of the same `eventId` in the same hour."""
    HOUR = "captured record of another hour than its folder"
    SWITCH = "captured record from a moment at which another release took over"
    """Both releases answered under one name then: nobody can say which one did."""
    NOBODY = "captured record of a variant that served nothing known"
    RELEASE = "captured record of a release whose manifest is gone"
    """What its rows look like is not known any more."""
    FILE = "captured file that was gone or broke off when it was read"


class NotReadable(Exception):
    """A record that says nothing, and why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
