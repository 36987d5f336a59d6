"""Who asks for a retrain, and of which endpoint: a person's words, or an event of EventBridge."""

from release.domain import occasions
from release.domain.errors import UsageError
from release.domain.occasions import ANYTHING, About, Asked, Occasion
from release.domain.stage import StageSettings


def occasion(settings: StageSettings, because: str, event: bytes | None) -> tuple[Occasion, About]:
    """Why a retrain is asked for, and what that is about.

    Raises AsksNothing for an event of the stage that asks for none, UsageError for what is no such event.
    """
    said = occasions.of_person(because)
    if event is None:
        return said, ANYTHING
    asked = Asked(settings.stage, settings.account, settings.region, settings.retrain.on)
    return occasions.of_event(event, asked)


def endpoint(named: str | None, about: About) -> str | None:
    """The endpoint that is named, or that an event is about. Raises UsageError where these are two."""
    if named and about.endpoint and named != about.endpoint:
        raise UsageError(
            f"The event is about the endpoint {about.endpoint}, and {named} is named.",
            "What was noticed of one says nothing of the other, so nothing was begun.",
            f"Leave --endpoint out, or name {about.endpoint}.",
        )
    return named or about.endpoint
