"""September to December again: what monitoring says day by day, and what retraining would have brought.

flights     the flights by the hour of their departure: requests, and truth that comes late
live        a release of the example in the sandbox answers them; what it captured is read back
records     captured records into hours of rows and counts, in the flights' own time
days        one look at the end of each simulated day: quality and drift
retraining  models trained on what was known before each month, on that month
document    docs/replay.md
report      months in a table, plots, a page and JSON: the same at every run
"""
