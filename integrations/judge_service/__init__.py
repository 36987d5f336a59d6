"""The judge as a web service, for Argo Rollouts and Flagger: the verdicts of `./slipway judge` by HTTP.

From a line that a container printed to an answer:

    keys.py        whose rollout it is: namespace, name, checksum
    records.py     what was posted, as lines of evidence; which variant a pod is
    rollout.py     one rollout: its evidence file, and the verdict that follows from it
    rollouts.py    all of them: which is open under a name, which failed, what is kept
    answers.py     a verdict in the words of whoever asked
    metrics.py     where all stand, in Prometheus' words
    scrapes.py     counters that Prometheus scraped, as windows by the minute
    asking.py      Prometheus, asked once a minute
    server.py      paths, bounds and threads
    settings.py    what it is told when it starts

What is decided is decided in `release/judge/`. Nothing here moves traffic.
"""
