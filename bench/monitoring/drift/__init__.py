"""Drift: how often it is found where there is none, and how soon where there is some.

streams.py   months of hour counts, drawn from days of the flights      changes.py   what is done to them
practices.py PSI and Evidently's tests beside ours                      campaign.py  runs, kept as JSON
daily.py     many months, looked at by day alone                        source.py    flights and reference
hourly.py    the same months, looked at every hour
real.py      the months after the reference, as they were               report.py    docs/drift-benchmark.md
"""
