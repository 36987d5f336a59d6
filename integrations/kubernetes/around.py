"""What stands around an endpoint's Deployment: each an object of Kubernetes. Pure."""

from typing import Any

from integrations.kubernetes.workload import PORT, PORT_NAME, labels, selector
from release.domain.exported import ExportedEndpoint
from release.domain.scaling import SCALE_IN_SECONDS, Scaling

CPU_PERCENT = 60
"""Of the requested processors. SageMaker scales by requests for each instance, and a cluster knows those only
with an adapter for such metrics. At this share a pod bears what comes while another one starts."""
_EVERYWHERE = {"0.0.0.0/0": ["169.254.0.0/16"], "::/0": ["fd00:ec2::/32", "fe80::/10"]}
"""All addresses, and those of them where a node's metadata are, with the credentials of its role."""
_DNS, _HTTPS = 53, 443


def _object(api: str, kind: str, endpoint: ExportedEndpoint, **rest: Any) -> dict[str, Any]:
    metadata = {"name": endpoint.served_as, "labels": labels(endpoint)}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **rest}


def service(endpoint: ExportedEndpoint) -> dict[str, Any]:
    """Where callers in the cluster reach it, on port 80."""
    port = {"name": PORT_NAME, "port": 80, "targetPort": PORT_NAME, "protocol": "TCP"}
    spec = {"type": "ClusterIP", "selector": selector(endpoint), "ports": [port]}
    return _object("v1", "Service", endpoint, spec=spec)


def service_account(endpoint: ExportedEndpoint, role_arn: str) -> dict[str, Any]:
    """Who its pods are: nobody in the cluster, in AWS by IRSA a role that may read the model."""
    made = _object("v1", "ServiceAccount", endpoint, automountServiceAccountToken=False)
    made["metadata"]["annotations"] = {"eks.amazonaws.com/role-arn": role_arn}
    return made


def autoscaler(endpoint: ExportedEndpoint, bounds: Scaling) -> dict[str, Any]:
    """Between the endpoint's bounds, by the processors that it takes."""
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": CPU_PERCENT}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": endpoint.served_as},
        "minReplicas": bounds.least,
        "maxReplicas": bounds.most,
        "metrics": [{"type": "Resource", "resource": cpu}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": SCALE_IN_SECONDS}},
    }
    return _object("autoscaling/v2", "HorizontalPodAutoscaler", endpoint, spec=spec)


def disruption_budget(endpoint: ExportedEndpoint) -> dict[str, Any]:
    """Nodes are emptied one pod at a time; a pod that does not serve holds nobody up."""
    spec = {
        "maxUnavailable": 1,
        "selector": {"matchLabels": selector(endpoint)},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    return _object("policy/v1", "PodDisruptionBudget", endpoint, spec=spec)


def network_policy(endpoint: ExportedEndpoint) -> dict[str, Any]:
    """In: the serving port. Out: names, and HTTPS for S3 and STS, but to no node's metadata.

    A policy knows addresses and no names, and holds for all containers of a pod, from its first to its last.
    """
    anywhere = [{"ipBlock": {"cidr": all_, "except": nodes}} for all_, nodes in _EVERYWHERE.items()]
    names = [{"protocol": protocol, "port": _DNS} for protocol in ("UDP", "TCP")]
    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    spec = {
        "podSelector": {"matchLabels": selector(endpoint)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": [{"protocol": "TCP", "port": PORT}]}],
        "egress": [
            {"to": [dns], "ports": names},
            {"to": anywhere, "ports": [{"protocol": "TCP", "port": _HTTPS}]},
        ],
    }
    return _object("networking.k8s.io/v1", "NetworkPolicy", endpoint, spec=spec)


def service_monitor(endpoint: ExportedEndpoint) -> dict[str, Any]:
    """What the Prometheus operator scrapes: /metrics of every pod."""
    scraped = {"port": PORT_NAME, "path": "/metrics", "interval": "15s", "scheme": "http"}
    spec = {"selector": {"matchLabels": selector(endpoint)}, "endpoints": [scraped]}
    return _object("monitoring.coreos.com/v1", "ServiceMonitor", endpoint, spec=spec)
