"""What Kubernetes takes as names, labels and variables, and what is refused with the key that makes it."""

import re

import pytest

from release.domain import kubernetes_names as k8s
from release.domain.errors import UsageError

KEY = "slipway:endpoints.delays"


@pytest.mark.parametrize("name", ["a", "delays-prod", "0", "a" * 63])
def test_a_label_that_kubernetes_takes_is_returned_as_it_is(name):
    assert k8s.dns_label(name, KEY) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a.b", "a" * 64, "a\n", "é"])
def test_a_label_that_kubernetes_refuses_is_refused_with_its_key(name):
    with pytest.raises(UsageError, match=re.escape(KEY)):
        k8s.dns_label(name, KEY)


def test_what_is_too_long_says_how_long_it_is():
    with pytest.raises(UsageError, match="63 characters at most, and it has 70"):
        k8s.dns_label("a" * 70, KEY)


@pytest.mark.parametrize("name", ["a.b-c.d", "a" * 253])
def test_a_subdomain_may_have_dots_and_be_long(name):
    assert k8s.dns_subdomain(name, KEY) == name


@pytest.mark.parametrize("name", ["a..b", ".a", "a.-b", "a" * 254])
def test_a_subdomain_that_kubernetes_refuses(name):
    with pytest.raises(UsageError):
        k8s.dns_subdomain(name, KEY)


@pytest.mark.parametrize("value", ["", "3f2a9c01d4e7", "A.b_c-d", "x" * 63])
def test_values_of_labels(value):
    assert k8s.label_value(value, KEY) == value


@pytest.mark.parametrize("value", ["sha256:ab", "a b", "_a", "a.", "x" * 64, "s3://a/b"])
def test_values_that_no_label_has(value):
    with pytest.raises(UsageError, match="label's value"):
        k8s.label_value(value, KEY)


@pytest.mark.parametrize("label", ["app", "app.kubernetes.io/name", "slipway/release"])
def test_keys_of_labels(label):
    assert k8s.label_key(label, KEY) == label


@pytest.mark.parametrize("label", ["", "a/", "/a", "a/b/c", "A/b", "a/b c"])
def test_keys_that_no_label_has(label):
    with pytest.raises(UsageError):
        k8s.label_key(label, KEY)


def test_a_variable_is_what_the_data_says_and_no_reference_to_another():
    assert k8s.variables({"A": "$(HOME) $$ $"}, KEY) == {"A": "$$(HOME) $$$$ $$"}


def test_variables_are_sorted_and_a_wrong_one_is_named_with_its_key():
    assert list(k8s.variables({"B": "2", "A_1.x": "1"}, KEY)) == ["A_1.x", "B"]
    with pytest.raises(UsageError, match=re.escape(f"{KEY}.1A")):
        k8s.variables({"1A": "x"}, KEY)
