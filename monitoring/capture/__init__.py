"""What was captured: whether all of it is there, and what of it is to be forgotten. Pure.

asked.py        what was to be captured when, as the ledger tells
accounting.py   answers that were given beside records that are there, and the difference as findings
selection.py    which records are of one subject or one day
"""
