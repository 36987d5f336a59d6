"""What a model's own training rows look like, day by day: `reference.json` of the artifact.

profile.py    the file                          blocks.py   rows as days (or as blocks in order) and hours
columns.py    how a column is counted, by day   given.py    which scores the features let expect

Monitoring decides from it whether a live model's requests and scores have drifted (docs/monitoring.md). It
holds counts alone: no row of the data can be read from it, but its categories by name.
"""
