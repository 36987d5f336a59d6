"""Filter patterns as CloudWatch documents them. Values only."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.logs.patterns import parse
from sandbox.aws.logs.wildcards import BadPattern

EVENT = (
    '{"status": 500, "path": "/invocations", "latency": 12.5, "ok": false, "user": null, '
    '"tags": ["a", "b"], "deep": {"er": [{"id": 7}]}, "text": "42"}'
)


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR] 420", True),
        ("ERROR", "error", False),
        ("ERROR ARGUMENTS", "ERROR MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "ERROR", False),
        ('"MISSING ARGUMENTS"', "ERROR MISSING ARGUMENTS", True),
        ('"MISSING ARGUMENTS"', "MISSING two ARGUMENTS", False),
        ("ERROR -ARGUMENTS", "ERROR 419", True),
        ("ERROR -ARGUMENTS", "ERROR ARGUMENTS", False),
        ('-"bad thing"', "a bad thing", False),
        ("?ERROR ?WARN", "WARN", True),
        ("?ERROR ?WARN", "INFO", False),
        ('"say \\"hi\\""', 'they say "hi"', True),
        ("%5[0-9]{2}%", "status 503", True),
        ("%5[0-9]{2}%", "status 204", False),
        ("[ip, user, code = 4*, size]", "127.0.0.1 frank 404 1534", True),
        ("[ip, user, code = 4*, size]", "127.0.0.1 frank 200 1534", False),
        ("[ip, ..., size > 1000]", '127.0.0.1 - [10/Oct/2000] "GET /a b" 1534', True),
        ("[ip, ..., size > 1000]", "127.0.0.1 - 12", False),
        ("[w1, w2 = b || w2 = c]", "a c", True),
        ("[w1, w2 != b && w2 != c]", "a c", False),
        ("[w1]", "a b", False),
    ],
)
def test_terms_and_fields(pattern: str, message: str, matches: bool) -> None:
    assert parse(pattern)(message) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("{ $.status = 500 }", True),
        ("{$.status=500}", True),
        ("{ $.status != 500 }", False),
        ("{ $.status >= 400 && $.status < 500 }", False),
        ('{ $.status = 200 || $.path = "/invo*" }', True),
        ("{ ($.status = 200 || $.ok IS FALSE) && $.latency > 12 }", True),
        ("{ $.path = /invocations }", True),
        ("{ $.status = 5* }", True),
        ("{ $.user IS NULL }", True),
        ("{ $.ok IS TRUE }", False),
        ("{ $.nobody NOT EXISTS }", True),
        ("{ $.user NOT EXISTS }", False),
        ('{ $.tags[0] = "a" }', True),
        ('{ $.tags[*] = "b" }', True),
        ('{ $.tags[2] = "b" }', False),
        ("{ $.deep.er[0].id = 7 }", True),
        ("{ $.['deep'].er[0].id = 7 }", True),
        ("{ $.nobody = 1 }", False),
        ("{ $.nobody != 1 }", False),
        ("{ $.text = 42 }", True),
        ("{ $.path = %invoc% }", True),
    ],
)
def test_json(pattern: str, matches: bool) -> None:
    assert parse(pattern)(EVENT) is matches
    assert parse(pattern)("no JSON") is False
    assert parse(pattern)("{broken") is False


@pytest.mark.parametrize(
    "pattern",
    [
        *("{ $.a = }", "{ $.a }", "{ a = 1 }", "{ $.a = 1", "[a, , b]", "[a b]", '"open', "{ $.a > x }"),
        *("%(%", "{ $.a IS MAYBE }", "{ " + "(" * 99 + "$.a = 1 }", "%(a+)+b%", "x" * 1025, "[..., a, ...]"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern, match="Invalid filter pattern"):
        parse(pattern)


@given(st.text(alphabet='{}[]$.=!<>&|"%-?* abIS01', max_size=25), st.sampled_from([EVENT, "a b", "{}", ""]))
def test_any_text_is_a_pattern_or_refused(pattern: str, message: str) -> None:
    with suppress(BadPattern):
        parse(pattern)(message)
