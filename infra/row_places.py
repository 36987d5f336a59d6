"""Where rows of callers lie, as a stage's data says: captured answers, and what really happened. Pure.

It says places alone; who may read there is in `deployer_policy.py` and `ci/grants.py`.
"""

from collections.abc import Iterable, Iterator

from infra import policies
from infra.arns import Place
from release.domain import names, s3_uri
from release.domain.capture import Capture
from release.domain.stage import StageSettings


def captures(settings: StageSettings) -> list[str]:
    """The folders of captured answers, as `s3://` URIs."""
    return sorted({f"{one.to}/" for one in _captures(settings)})


def capture_keys(settings: StageSettings) -> list[str]:
    """The KMS keys of their own that captured answers have, by ARN."""
    return sorted({one.key for one in _captures(settings) if one.key})


def truths(settings: StageSettings) -> list[str]:
    """The folders that say what really happened."""
    asked = [endpoint.monitoring.quality.truth for endpoint in settings.endpoints.values()]
    return sorted({f"{uri.rstrip('/')}/" for uri in asked if uri})


def elsewhere(settings: StageSettings, folders: Iterable[str]) -> list[str]:
    """Those that are not in the stage's own bucket."""
    return [uri for uri in folders if s3_uri.parts(uri)[0] != _own(settings)]


def within(settings: StageSettings, folders: Iterable[str]) -> list[str]:
    """The prefixes of those that are in the stage's own bucket."""
    return [s3_uri.parts(uri)[1] for uri in folders if s3_uri.parts(uri)[0] == _own(settings)]


def readable(place: Place, folders: Iterable[str]) -> list[str]:
    """What who reads these has to have a right to: their buckets, and the objects in them."""
    listed = list(folders)
    buckets = sorted({place.bucket(s3_uri.parts(uri)[0]) for uri in listed})
    return [*buckets, *(one for uri in listed for one in policies.objects(place, uri))]


def _captures(settings: StageSettings) -> Iterator[Capture]:
    """Of settings and pins alike: what a release captured before stays where it is."""
    for endpoint in settings.endpoints.values():
        yield from (one.capture for one in (endpoint, *endpoint.pins.named) if one.capture)


def _own(settings: StageSettings) -> str:
    return names.bucket(settings.stage, settings.account, settings.region)
