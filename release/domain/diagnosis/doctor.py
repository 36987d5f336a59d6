"""The table of known failures, and the diagnosis that the first rule which fits makes."""

from dataclasses import dataclass

from release.domain.diagnosis import account, container, judged, rollout
from release.domain.diagnosis.rule import Rule
from release.domain.diagnosis.symptoms import Symptoms

RULES: tuple[Rule, ...] = (*judged.RULES, *account.RULES, *container.RULES, *rollout.RULES)
"""Most specific first: a rollout's own words, words of AWS that mean one thing, the container's, the rest."""

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Diagnosis:
    """One failure, explained. `rule` is the name of the rule, or `unknown`."""

    rule: str
    cause: str
    fix: str
    evidence: str
    unasked: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether a rule recognised it."""
        return self.rule != UNKNOWN

    @property
    def paragraph(self) -> str:
        """All of it, for people."""
        gaps = f" Could not be asked: {'; '.join(self.unasked)}." if self.unasked else ""
        return f"Diagnosis ({self.rule}): {self.cause} {self.fix} Evidence: {self.evidence}.{gaps}"


def diagnose(symptoms: Symptoms) -> Diagnosis:
    """What the release suffers from."""
    for rule in RULES:
        seen = rule.recognise(symptoms)
        if seen is None:
            continue
        values = _names(symptoms) | dict(seen.values)
        evidence = seen.evidence.rstrip(".")
        cause, fix = rule.cause.format_map(values), rule.fix.format_map(values)
        return Diagnosis(rule.name, cause, fix, evidence, symptoms.unasked)
    return Diagnosis(
        UNKNOWN,
        "No known failure fits what was seen.",
        f"Look yourself: aws logs tail {symptoms.log_group} --since 1h, and aws sagemaker describe-endpoint "
        f"--endpoint-name {symptoms.endpoint}; ./slipway history {symptoms.stage} says when.",
        _seen(symptoms),
        symptoms.unasked,
    )


def _names(symptoms: Symptoms) -> dict[str, str]:
    return {"stage": symptoms.stage, "endpoint": symptoms.endpoint, "log_group": symptoms.log_group}


def _seen(symptoms: Symptoms) -> str:
    """What an unknown failure shows, counted and not quoted."""
    lines = sum(len(stream.lines) for stream in symptoms.streams)
    parts = [
        f"SageMaker's status is {symptoms.status or 'not known'}",
        f"{lines} log lines of {len(symptoms.streams)} containers",
        f"{sum(alarm.rang for alarm in symptoms.alarms)} of {len(symptoms.alarms)} alarms rang",
    ]
    return ", ".join(parts)
