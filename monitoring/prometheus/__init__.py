"""Operational monitoring off AWS: an endpoint's objectives as rules of Prometheus. Pure.

    watched.py     what is watched, and how often            expressions.py  pieces of PromQL
    recording.py   counts and shares, for each window        alerting.py     when somebody hears of it
    rules.py       both, as one rule file                    scraping.py     where Prometheus finds containers
    notifying.py   Alertmanager: who, grouped how            dashboard.py    Grafana's dashboard
    yaml_text.py   documents as text

Everything here follows from a stage's data: the same data writes the same files. Nothing asks a server; that
what is written is right is `promtool`'s word, in the tests.
"""
