"""Whether a live model's requests and scores look like its reference: counted hours in, findings out. Pure.

    decide.py       what monitoring calls: a state, newly counted hours, findings
    reference.py    `reference.json`, read and validated   sample.py       what an older release has instead
    coordinates.py  what is compared, as shares of rows    calibration.py  thresholds, from its own days
    windows.py      days against thresholds                sudden.py       what an hour is enough for
    volume.py       rows beside the weeks before           state.py        what is kept from run to run
    layout.py       where each column's counts lie         anomaly.py      what is noticed, before a finding

Nothing here says how good a model is: scores may drift while it is as good as ever, and be steady while it is
not. That is `quality/`, once the truth is known.
"""
