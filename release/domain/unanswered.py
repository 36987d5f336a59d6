"""What somebody who was asked did not tell: it may be asked again, and says nothing about a release."""


class Unreadable(Exception):
    """Something could not be read or kept just now; why, in words."""


class Busy(Exception):
    """SageMaker works on the endpoint already (a person or autoscaling was first): ask again afterwards."""


class Unanswered(Exception):
    """An invocation got no answer that could be right or wrong: throttled, timed out, 5xx."""


class ModelAnswered(Unanswered):
    """The model's own server answered with an error: `status` is its HTTP status, `said` its body."""

    def __init__(self, status: int, said: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.said = said
