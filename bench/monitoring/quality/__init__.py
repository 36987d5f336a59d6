"""Quality on the flights: when the incident of the week of 26 August is found, beside weekly thresholds.

scores     what the example's model answers to flights that it has not seen
streams    days of flights: as they were, and resampled so that nothing is wrong with them
rules      what decides: ours, weekly thresholds, and ours with rows taken as independent
report     docs/quality-benchmark.md from the raw results
"""
