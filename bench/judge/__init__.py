"""`make bench-judge`: the judge and four practices of today on the same streams of known truth.

    streams.py     seeded streams of requests
    servers.py     what real servers add to their latencies
    scenarios.py   what happens to them, and what is right
    practices.py   CloudWatch alarms, Flagger, Argo Rollouts, Kayenta, from their documentation
    trial.py       one run of one scenario
    campaign.py    all runs, kept as JSON
    real.py        one release as both variants, on real servers
    real_figures.py  how far those lie apart, and what the judge says
    timing.py      CPU per million requests
    report.py      the table and the plots, from that JSON

Nothing of the product imports this.
"""
