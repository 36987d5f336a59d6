"""Which fleet gets the next request."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

from sandbox.serving.endpoints.state import Traffic


def deployment(**weights: float) -> Any:
    fleets = {name: SimpleNamespace(variant=name, weight=weight) for name, weight in weights.items()}
    return SimpleNamespace(fleets=fleets)


def shares(traffic: Traffic, requests: int = 20_000) -> dict[int, float]:
    seen = Counter(id(traffic.pick()) for _ in range(requests))
    return {key: number / requests for key, number in seen.items()}


def test_weights_divide_within_a_deployment_and_shares_between_two() -> None:
    old, new = deployment(a=3.0, b=1.0), deployment(a=1.0)
    seen = shares(Traffic([(0.8, old), (0.2, new)]))
    assert abs(seen[id(old.fleets["a"])] - 0.6) < 0.02
    assert abs(seen[id(old.fleets["b"])] - 0.2) < 0.02
    assert abs(seen[id(new.fleets["a"])] - 0.2) < 0.02


def test_a_variant_without_weight_gets_nothing_unless_it_is_named() -> None:
    only = deployment(a=1.0, b=0.0)
    traffic = Traffic([(1.0, only)])
    assert all(traffic.pick() is only.fleets["a"] for _ in range(50))
    assert traffic.target("b") is only.fleets["b"]
    assert traffic.target("c") is None


def test_a_named_variant_is_taken_from_both_deployments_by_share() -> None:
    old, new = deployment(a=1.0), deployment(a=1.0)
    traffic = Traffic([(0.9, old), (0.1, new)])
    seen = Counter(traffic.target("a") is new.fleets["a"] for _ in range(5000))
    assert 350 < seen[True] < 650


def test_nothing_takes_traffic_when_all_weights_are_zero() -> None:
    assert Traffic([(1.0, deployment(a=0.0))]).pick() is None
    assert Traffic().pick() is None
    assert Traffic([(0.0, deployment(a=1.0))]).target("a") is None
