"""What the rollout itself met: alarms, wrong answers, updates that SageMaker took back or never ended."""

from release.domain.diagnosis.rule import Rule, Seen, either, holds, says
from release.domain.diagnosis.symptoms import Symptoms


def _alarm(symptoms: Symptoms) -> Seen | None:
    """The alarm that took the update back: the one that AWS names, with the value at which it rang."""
    if "went into ALARM" not in symptoms.said:
        return None
    rang = [alarm for alarm in symptoms.alarms if alarm.rang and alarm.name in symptoms.said]
    named = [alarm for alarm in symptoms.alarms if alarm.name in symptoms.said] or list(symptoms.alarms)
    found = (rang or named)[:1]
    name = found[0].name if found else "of the endpoint"
    why = found[0].reason if found else ""
    return Seen(f"CloudWatch: {why or 'no reason is kept'}", {"alarm": name})


def _ringing(symptoms: Symptoms) -> Seen | None:
    found = next((alarm for alarm in symptoms.alarms if alarm.rang and not symptoms.reason), None)
    return Seen(f"CloudWatch: {found.reason}", {"alarm": found.name}) if found else None


def _no_reason(symptoms: Symptoms) -> bool:
    return "SageMaker's reason" not in symptoms.said and not symptoms.failure_reason


RULES = (
    Rule(
        "alarm",
        _alarm,
        "SageMaker took the update back because the alarm {alarm} rang while the new fleet had traffic.",
        "Errors: look for 5xx in the log ({log_group}). Latency: score one request of that size on this "
        "instance type. Correct the release; a bound that is too tight is under alarms: in "
        "Pulumi.{stage}.yaml.",
    ),
    Rule(
        "wrong-answer",
        says(r"golden request \d+ of \d+: (?:row \d+ scored|\d+ scores for \d+ rows)"),
        "The endpoint serves another model than the one that was trained and proven: it answers golden "
        "requests with other scores.",
        "Look whether model, evidence.json and golden.json are of one training run, and whether the image "
        "has "
        "the library versions that training used; then ./slipway train and release all of it.",
    ),
    Rule(
        "answer-changes",
        says(r"golden request \d+ of \d+: the same request got two answers"),
        "The container answers the same request differently each time: something in it is random, or of the "
        "moment.",
        "Make it deterministic (a seed, no clock in the answer). Where a part of the answer may change, name "
        "the part that counts (answer_at); where its numbers may change a little, declare how much "
        "(golden.tolerance of the evidence, docs/foreign.md). Then release it again.",
    ),
    Rule(
        "another-answer",
        says(r"golden request \d+ of \d+: it answers "),
        "The container answers golden requests otherwise than its evidence says.",
        "Look whether image, artifact and evidence are of one model; if the evidence is wrong, correct its "
        "golden requests, then release it again.",
    ),
    Rule(
        "no-windows",
        says(r"it printed no windows, and its evidence says"),
        "The evidence says that the container prints windows, and none came while it answered the golden "
        "requests.",
        "Have it print them to its stdout (docs/telemetry.md), or say prints_windows: false, and its "
        "rollouts rest on what SageMaker counts; then release it again.",
    ),
    Rule(
        "request-refused",
        says(r"Received client error \((?P<code>4\d\d)\)"),
        "The container refuses the golden requests (HTTP {code}): it expects another content type, other "
        "columns or another header than training wrote.",
        "415 is the content type, 400 the fields (for CSV: header and column order are schema.json's): "
        "release "
        "image and model of one revision together, so that both have the same schema.",
    ),
    Rule(
        "answer-unreadable",
        says(r"golden request \d+ of \d+: the answer cannot be read"),
        "The container answers golden requests in another form than the service's (`predictions` in JSON, "
        "one "
        "score a line in CSV).",
        "Release the image of this repository, or make yours answer in that form.",
    ),
    Rule(
        "invocation-timeout",
        says(
            r"(?i)timed out while waiting for a response from|model invocation timed out|code \((?:408|504)\)"
        ),
        "The container did not answer golden requests in time (60 s).",
        "Look what it waits for in the log ({log_group}); a network call while scoring cannot end where the "
        "network is isolated.",
    ),
    Rule(
        "container-fails",
        says(r"Received server error \((?P<code>5\d\d)\)"),
        "The container fails on the golden requests (HTTP {code}), which training could answer.",
        "Read its traceback: aws logs tail {log_group} --since 1h. 503 is a server that is down or still "
        "loading. Correct it, then release again.",
    ),
    Rule(
        "not-answered",
        says(r"golden request \d+ of \d+: .{0,80}when calling the InvokeEndpoint operation"),
        "The endpoint did not answer golden requests, though several were tried.",
        "Look at Invocation5XXErrors of the endpoint and at its log ({log_group}), then release again.",
    ),
    Rule(
        "update-timeout",
        says(r"did not finish within MaximumExecutionTimeoutInSeconds"),
        "The update took longer than it may and was rolled back: the fleet came up slowly, or steps and "
        "waits are longer than the limit.",
        "Raise rollout.timeout_seconds in Pulumi.{stage}.yaml above steps times wait_seconds plus "
        "termination_seconds plus the time of a start, then release again.",
    ),
    Rule(
        "still-working",
        says(r"is still (?P<status>[A-Z]\w+) after (?P<seconds>\d+) s"),
        "SageMaker is still at work on the endpoint ({status}) after {seconds} s.",
        "Nothing is lost: run the same command again when ./slipway status {stage} shows InService.",
    ),
    Rule(
        "rollback-failed",
        either(
            holds("SageMaker's status is UpdateRollbackFailed", lambda s: s.status == "UpdateRollbackFailed"),
            says(r"UpdateRollbackFailed"),
        ),
        "SageMaker could not take its own update back: old and new config both have traffic.",
        "Send it to the live config again: ./slipway rollback {stage}. If it stays, open a case with AWS.",
    ),
    Rule(
        "endpoint-failed",
        either(
            holds("SageMaker's status is Failed", lambda s: s.status == "Failed"),
            says(r"the endpoint is Failed"),
        ),
        "The endpoint is Failed: SageMaker does nothing with it any more but delete it.",
        "Delete it (aws sagemaker delete-endpoint --endpoint-name {endpoint}), then run the same command "
        "again, which makes it anew.",
    ),
    Rule(
        "endpoint-gone",
        says(r"the endpoint \S{1,63} does not exist|the endpoint is missing"),
        "The endpoint was deleted while or before the rollout was under way.",
        "Look in CloudTrail who called DeleteEndpoint; then pulumi up --stack {stage} makes it again with "
        "the "
        "live release.",
    ),
    Rule(
        "by-a-person",
        says(r"taken back by a rollback while its own process was gone"),
        "Somebody took the rollout back with ./slipway rollback after its own process had died.",
        "Nothing is wrong with the release by that: release or promote it again.",
    ),
    Rule(
        "silent-rollback",
        says(r"the endpoint config is \S{1,63}, the pin says", _no_reason),
        "SageMaker took the update back without a reason, and the endpoint serves what it did before.",
        "Look at the alarms of the endpoint and at its log ({log_group}) in that minute; where both are "
        "quiet, release the same again: it is often a passing failure of the service.",
    ),
    Rule(
        "other-weights",
        says(r"the weight of [\w-]{1,63} is|the list of (?:shadow )?variants is"),
        "The endpoint's variants or weights are not those of the pin: somebody or something else changed "
        "them "
        "while the rollout was under way.",
        "Look in CloudTrail who called UpdateEndpoint or UpdateEndpointWeightsAndCapacities, then run it "
        "again.",
    ),
    Rule(
        "other-image",
        says(r"the image digest of [\w-]{1,63} is"),
        "The fleet runs another image than the pin says, though its config is the right one.",
        "Look whether the model of the endpoint config was made by hand; release again, by digest.",
    ),
    Rule(
        "half-way",
        says(r"stopped half-way at (?P<phase>[a-z]+)"),
        "The process of the rollout ended while it was {phase}; nothing is lost, and nothing else can begin "
        "here.",
        "Run the same command again: it finishes the rollout, or says what stands in its way. ./slipway "
        "rollback "
        "{stage} takes it back.",
    ),
    Rule(
        "alarm-now",
        _ringing,
        "The alarm {alarm} rings, or did in the last minutes, and no rollout is to blame for it.",
        "Look at the endpoint's traffic and log ({log_group}). If the release of before was better: "
        "./slipway rollback {stage}.",
    ),
)
