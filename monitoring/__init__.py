"""A live model: what it gets, what it answers, how good it is, and what that means.

    finding.py     what monitoring noticed, as a value            counts.py   what was counted of one hour
    rows.py        one answered row, as a table's columns         records/   hours to read, who served when
    capture/       whether all of it is there, and what of it is to be forgotten
    drift/         counted hours and a reference to findings      quality/    scores, late labels to findings
    experiments/   two releases on a business outcome             alerts/     findings to events, a retrain
    prometheus/    objectives to rules and dashboards, off AWS
    operations/    one use case a file                            ports.py    what these need of the world
    storage/       captured records, hour tables, S3              drawing/    reports and plots
    connect.py     joins operations to the real world

Decisions are pure. What exists in AWS (alarms, topics, dashboards) is `infra/`; what a stage's file says of
monitoring is `release/domain/`.
"""
