"""What a judged rollout ended by: a verdict, evidence that never came, answers that differ, a person."""

from release.domain.diagnosis.rule import Rule, says

REPORT = "Its numbers beside live's are in ./slipway report {stage}."

RULES = (
    Rule(
        "judged-worse",
        says(r"the judge says FAIL: (?P<metric>\w+)"),
        "On what callers really send, the release is worse than live beyond the stage's margin: {metric}.",
        f"{REPORT} Correct the release; where the change is meant, widen that margin under slipway:judge in "
        "Pulumi.{stage}.yaml.",
    ),
    Rule(
        "beyond-limits",
        says(r"under the stage's limits: FAIL: (?P<metric>\w+)"),
        "Serving alone, the release breaks a limit of its endpoint: {metric}.",
        f"{REPORT} Correct the release; limits that are too tight are alarms: in Pulumi.{{stage}}.yaml.",
    ),
    Rule(
        "no-traffic",
        says(r"held for [\d.]+ s without a PASS: (?:no traffic to judge by|PASS waits for any request)"),
        "Nobody called the endpoint while the release stood beside live, or its containers printed no "
        "windows, so nothing could be judged.",
        "Send it traffic, or roll out by alarms alone where the stage's data allows it "
        "(--strategy canary). Nothing speaks against the release.",
    ),
    Rule(
        "evidence-missing",
        says(r"held for [\d.]+ s without a PASS: evidence is missing"),
        "The containers' windows could not be read or kept for too long, so nothing could be judged.",
        "Look whether logs:FilterLogEvents on {log_group} and the stage's bucket answer (permissions, "
        "throttling), then release again. Nothing speaks against the release.",
    ),
    Rule(
        "undecided",
        says(r"held for [\d.]+ s without a PASS"),
        "Neither PASS nor FAIL was proven in the time that a step may be held.",
        f"{REPORT} Begin with a larger step or hold longer (rollout: in Pulumi.{{stage}}.yaml), or widen the "
        "PASS margin of what was not proven (slipway:judge).",
    ),
    Rule(
        "differs-from-live",
        says(
            r"differ from live's by|gives no scores for \d+ of \d+ golden|it answers golden requests in \d+"
        ),
        "Before it had any traffic, the release answered golden requests otherwise than live, by more than "
        "is allowed.",
        "Where the change is meant, raise `allowed` in its golden.json; else look what differs: schema, "
        "preprocessing, scale of the score.",
    ),
    Rule(
        "no-capacity-for-its-share",
        says(r"the candidate's fleet did not grow to (?P<count>\d+) instances"),
        "The candidate's fleet did not get the {count} instances that its share of the traffic needs.",
        "Look at the quota of this instance type for endpoints and at its capacity in the region, then "
        "release again.",
    ),
    Rule(
        "aborted",
        says(r"\S+ on \S+ said abort"),
        "Somebody took the rollout back with ./slipway abort or rollback.",
        "Ask whoever did: the reason that was given is in ./slipway history {stage}.",
    ),
)
"""In words that only this project's rollouts say."""
