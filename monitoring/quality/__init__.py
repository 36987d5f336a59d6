"""Scores and late labels to findings: how good the answers of a live release are. Pure: values, numpy.

    labels       a line of a truth file into a label, or why it is none
    joining      labels to the rows they speak of; which of several labels of one row holds
    pending      labels that wait for their row, and how many lines say nothing
    days         a day's rows and labels as counts that merge by adding
    calibration  day by day: is the mean score the base rate? A bound that is valid at every look
    measures     AUC and log loss of a window of days, with intervals
    reporting    all of it, as a report and findings
    known        whether something alarms, nothing does, or nothing is known
    wording      that in words
    ports        what this needs of the world

A service whose score is no probability is not measured, and that is said.
"""
