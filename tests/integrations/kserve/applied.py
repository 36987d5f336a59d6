"""An exported InferenceService in a cluster, and what KServe's controller made of it."""

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.integrations.kubernetes.cluster import Cluster, until

RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"
KNATIVE = "services.serving.knative.dev"
_MEMORY = re.compile(r"(\d+)(Mi|Gi)")


class Applied:
    """One in a namespace of its own that restricts pods, with the service account that the docs ask for."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name = cluster, name
        self.made = f"{name}-predictor"
        # short: KServe makes one label of a host name of it, the service's name and more
        self.namespace = f"of-{secrets.token_hex(4)}"
        cluster.do("create", "namespace", self.namespace)
        cluster.do("label", "namespace", self.namespace, RESTRICTED)
        cluster.do("create", "serviceaccount", name, "-n", self.namespace)

    def apply(self, file: Path) -> None:
        """As the docs say."""
        self.cluster.do("apply", "--validate=strict", "-n", self.namespace, "-f", str(file))

    def status(self) -> Any:
        """What KServe says of it."""
        return self._get("inferenceservice", self.name).get("status", {})

    def deployed(self, file: Path) -> list[Any]:
        """Wait until it is ready and all pods are of the file's release; what Deployment and pods run."""
        release = _release(YAML(typ="safe").load(file.read_text()))

        def ready() -> list[Any] | None:
            conditions = {each["type"]: each["status"] for each in self.status().get("conditions", [])}
            deployment, pods = self._found("deployment", self.made), self._pods()
            if not deployment or conditions.get("Ready") != "True":
                return None
            here = [_release(each) for each in pods]
            whole = here == [release] * deployment["spec"]["replicas"]
            return [deployment["spec"]["template"], *pods] if whole else None

        return until(ready, f"{file} is ready")

    def routed(self, file: Path, split: list[Any]) -> Any:
        """Wait until its Knative Service has the file's image and splits traffic so; the Knative Service."""
        [asked] = containers(file)

        def made() -> Any:
            service = self._found(KNATIVE, self.made)
            if not service or service["spec"]["template"]["spec"]["containers"][0]["image"] != asked["image"]:
                return None
            traffic = service["spec"]["traffic"]
            found = [(each["latestRevision"], each.get("revisionName"), each["percent"]) for each in traffic]
            return service if found == split else None

        return until(made, f"{split} of traffic, with the image of {file}")

    def serve(self, revision: str) -> None:
        """Say what Knative says when the latest revision serves, and wait until KServe knows it."""
        service = self._get(KNATIVE, self.made)
        traffic = [{"revisionName": revision} | each for each in service["spec"]["traffic"]]
        url = f"http://{self.made}.{self.namespace}.svc.cluster.local"
        conditions = ("Ready", "ConfigurationsReady", "RoutesReady")
        status = {
            "observedGeneration": service["metadata"]["generation"],
            "latestCreatedRevisionName": revision,
            "latestReadyRevisionName": revision,
            "conditions": [{"type": each, "status": "True"} for each in conditions],
            "traffic": traffic,
            "url": url,
            "address": {"url": url},
        }
        patch = ("patch", KNATIVE, self.made, "-n", self.namespace, "--subresource=status", "--type=merge")
        self.cluster.do(*patch, "-p", json.dumps({"status": status}))

        def known() -> bool:
            predictor = self.status().get("components", {}).get("predictor", {})
            return predictor.get("latestReadyRevision") == revision and predictor.get("traffic") == traffic

        until(known, f"KServe knows that {revision} serves")

    def _pods(self) -> list[Any]:
        label = f"serving.kserve.io/inferenceservice={self.name}"
        return self.cluster.get("pods", "-n", self.namespace, "-l", label)["items"]

    def _get(self, kind: str, name: str) -> Any:
        return self.cluster.get(kind, name, "-n", self.namespace)

    def _found(self, kind: str, name: str) -> Any:
        """An object, None where it was not made yet."""
        done = self.cluster.ask("get", kind, name, "-n", self.namespace, "-o", "json")
        assert done.status == 0 or "NotFound" in done.err, done.err
        return json.loads(done.out) if done.status == 0 else None


def containers(file: Path) -> Any:
    """Those that an exported file asks for."""
    return YAML(typ="safe").load(file.read_text())["spec"]["predictor"]["containers"]


def lost(asked: Any, found: Any, path: str = "") -> Iterator[str]:
    """What of that which was asked for is not there; to objects defaults may have been added."""
    if isinstance(asked, dict) and isinstance(found, dict):
        for key, value in asked.items():
            yield from lost(value, found.get(key), f"{path}.{key}")
    elif isinstance(asked, list) and isinstance(found, list) and len(asked) == len(found):
        for number, (value, there) in enumerate(zip(asked, found, strict=True)):
            yield from lost(value, there, f"{path}[{number}]")
    elif _amount(asked) != _amount(found):
        yield f"{path}: {asked!r} became {found!r}"


def _release(labelled: Any) -> str:
    return labelled["metadata"]["labels"]["slipway/release"]


def _amount(value: Any) -> Any:
    """A value; of one that is memory the mebibytes: Kubernetes tells 6144Mi as 6Gi."""
    told = _MEMORY.fullmatch(value) if isinstance(value, str) else None
    return int(told[1]) * {"Mi": 1, "Gi": 1024}[told[2]] if told else value
