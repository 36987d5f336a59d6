"""One answered row as the columns of a table: what quality, replay and experiments read of captured records.

A request of several rows is several rows here, told apart by `row`. The features follow under their own
names, as the release's input schema has them; one that is sensitive is not there, or hashed.
"""

EVENT = "event_id"
"""SageMaker's name of the exchange, unique."""
INFERENCE = "inference_id"
"""The caller's name of the request (`InferenceId`), by which truth is joined; null where it gave none. Of a
request of several rows the truth says which, from 0: `<inference id>#<row>`; without, it is row 0."""
ROW = "row"
AT = "at"
"""When it was answered, UTC."""
VARIANT = "variant"
RELEASE = "release"
SCORE = "score"
"""The one number that is counted of an answer, as in a window (docs/telemetry.md); null where not finite."""

OWN: tuple[str, ...] = (EVENT, INFERENCE, ROW, AT, VARIANT, RELEASE, SCORE)
"""The columns that are no features."""
