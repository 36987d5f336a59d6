"""What a model server answered to one request."""

from dataclasses import dataclass, field

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Answer:
    """What a container answered; status 0 when its time was over."""

    status: int
    body: bytes
    headers: Headers = field(default_factory=list)
    sent: bool = True
    """Whether the container sent it; otherwise it stands for one that did not come."""

    @property
    def good(self) -> bool:
        """Whether the caller gets it as it is."""
        return 200 <= self.status < 400

    @property
    def content_type(self) -> str:
        """The content type that the container gave, or an empty string."""
        return next((v.decode("latin-1") for k, v in self.headers if k == b"content-type"), "")
