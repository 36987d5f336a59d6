"""Every path under /v2: which question it is, and its answer. It never raises for a request."""

from collections.abc import Callable
from urllib.parse import quote, unquote

from model.serving.answers import Answer
from model.serving.application import Job, Request
from model.serving.errors import RequestError, refused
from model.serving.formats.other_bodies import told_apart
from model.serving.models.catalog import Loaded
from model.serving.open_inference import metadata
from model.serving.open_inference.class_infer import ClassInfer
from model.serving.open_inference.health import LIVE, READY, document, health, not_allowed, refusal
from model.serving.open_inference.infer import Infer

_PATHS = (
    "GET /v2, /v2/health/live, /v2/health/ready, /v2/models, /v2/models/NAME[/versions/VERSION][/ready] and "
    "POST /v2/models/NAME[/versions/VERSION]/infer, /v2/repository/index"
)


class OpenInference:
    """Answers the protocol's requests with loaded models. May be called from several threads at once."""

    def __init__(self, loaded: Loaded, ready: Callable[[], bool]) -> None:
        """`ready` says whether the server is: it is not while it drains, or while another process loads."""
        self._loaded = loaded
        self._ready = ready
        self._infer: dict[tuple[str, str], Infer] = {
            (served.name, served.version): (ClassInfer if served.schema.output.classes else Infer)(served)
            for served in loaded.all
        }
        # the paths as clients write them, found without taking them apart
        self._quick: dict[str, Infer] = {}
        for served in loaded.all:
            infer, path = (
                self._infer[served.name, served.version],
                f"/v2/models/{quote(served.name, safe='')}",
            )
            self._quick[f"{path}/versions/{quote(served.version, safe='')}/infer"] = infer
            if loaded.lookup(served.name) is served:
                self._quick[f"{path}/infer"] = infer

    def handle(self, request: Request) -> Answer | Job:
        """The answer to a request, or the job that leads to it."""
        try:
            infer = self._quick.get(request.path)
            if infer is not None and request.method == "POST":
                return infer.prepare(request)
            return self._route(request)
        except RequestError as error:
            return refusal(told_apart(error, request.body, request.headers))

    def _route(self, request: Request) -> Answer | Job:
        path = request.path
        if path in (LIVE, READY):
            return health(request, ready=self._ready())
        match [unquote(part) for part in path.split("/")[2:]]:
            case []:
                return _told(request, metadata.server)
            case ["models"]:
                names = sorted({served.name for served in self._loaded.all})
                return _told(request, lambda: {"models": names})
            case ["models", name, *rest] if name:
                return self._model(request, name, rest)
            case ["repository", "index"]:
                if request.method != "POST":
                    return not_allowed("POST")
                return document(metadata.index(self._loaded))
            case ["repository", "models", _, "load" | "unload"]:
                raise refused(
                    "unsupported", "Models are fixed when the server starts; none is loaded or unloaded."
                )
        raise refused("not_found", f"There is {_PATHS}.", 404)

    def _model(self, request: Request, name: str, rest: list[str]) -> Answer | Job:
        version: str | None = None
        match rest:
            case ["versions", given, *after]:
                version, rest = given, after
        served = self._loaded.lookup(name, version)
        match rest:
            case []:
                versions = self._loaded.versions(name)
                return _told(request, lambda: metadata.model(served, versions))
            case ["ready"]:
                return _told(request, lambda: {"name": served.name, "ready": True})
            case ["infer"]:
                if request.method != "POST":
                    return not_allowed("POST")
                return self._infer[served.name, served.version].prepare(request)
        raise refused("not_found", f"There is {_PATHS}.", 404)


def _told(request: Request, what: Callable[[], object]) -> Answer:
    """The document that `what` makes, for a GET."""
    return document(what()) if request.method in ("GET", "HEAD") else not_allowed("GET, HEAD")
