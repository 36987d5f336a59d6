"""What a stage pins, as annotations of an object in Kubernetes that moves it but does not hold it. Pure."""

from release.domain.exported import ExportedEndpoint, ExportedRelease


def annotations(endpoint: ExportedEndpoint) -> dict[str, str]:
    """Release, image by digest, artifact and its SHA-256, of live and of the way back, where there is one."""
    found = {f"slipway/{name}": value for name, value in _pinned(endpoint.live).items()}
    back = _pinned(endpoint.way_back) if endpoint.way_back else {}
    return found | {f"slipway/previous-{name}": value for name, value in back.items()}


def _pinned(release: ExportedRelease) -> dict[str, str]:
    pin = release.pin
    return {"release": pin.release, "image": pin.image, "model": pin.model, "sha256": pin.sha256}
