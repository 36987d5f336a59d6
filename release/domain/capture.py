"""What an endpoint captures of its requests and answers, as its stage's data says. Pure."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from release.domain import names, s3_uri
from release.domain.values import Data

CaptureUri = Annotated[str, StringConstraints(pattern=r"^(s3://[a-z0-9.-]+/[^/].*[^/])?$", max_length=512)]

KeyArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[a-zA-Z0-9-]+$")
]
VARIABLE = "SLIPWAY_CAPTURE"
"""By which a container is told what to keep (`model/serving/capture/`)."""


_FORMER = {"percent", "to"}


class Capture(Data):
    """A share of all requests and answers, whole, kept in a bucket. Limits: DataCaptureConfig."""

    percent: Annotated[int, Field(ge=1, le=100)]
    """Of the requests, with their answers. Of containers that print no windows the answers are judged."""
    to: CaptureUri = ""
    """Where: `s3://<bucket>/<prefix>`; the execution role may write there. Without one `capture/` of the
    stage's own bucket, where `retention.capture_days` holds; of another bucket its owner decides."""
    by: Literal["sagemaker", "container"] = "sagemaker"
    """Who keeps it. SageMaker keeps whatever callers send; the container, which is then not cut off from the
    network, drops or hashes sensitive features before."""
    inputs: bool = True
    """Whether what callers sent is kept too, and not the answers alone."""
    key: KeyArn | None = None
    """The KMS key for what is kept; without one as its bucket says: the stage's own has the stage's key."""

    def at(self, bucket: str) -> "Capture":
        """The same capture, in the stage's bucket where it has no place of its own."""
        return self if self.to else self.model_copy(update={"to": f"s3://{bucket}/{names.CAPTURE}"})

    @property
    def as_it_came(self) -> bool:
        """Whether what callers send is kept whole, sensitive features too."""
        return self.inputs and not self.by_container

    @property
    def by_container(self) -> bool:
        """Whether the container keeps it, and SageMaker nothing."""
        return self.by == "container"

    @property
    def content(self) -> dict[str, Any]:
        """What names a config: what earlier versions did not know is left out where it is the default."""
        later = self.model_dump(mode="json", exclude=_FORMER, exclude_defaults=True)
        return {"percent": self.percent, "to": self.to, **later}


def told(capture: Capture, endpoint: str, release: str, model: str) -> str:
    """What a container is told, as JSON: where to keep how much, and where the key of its hashes lies.

    `model` is the URI of its artifact, in the stage's bucket. A container does not know its variant: in the
    variant's place its records lie under its release.
    """
    bucket = s3_uri.parts(model)[0]
    found = {
        "folder": f"{capture.to}/{endpoint}/{release}",
        "inputs": capture.inputs,
        "percent": capture.percent,
        "secret": f"s3://{bucket}/{names.CAPTURE_SECRET}",
    }
    return names.canonical_json(found | ({"key": capture.key} if capture.key else {})).decode()
