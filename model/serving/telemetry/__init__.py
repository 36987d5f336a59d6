"""What a worker tells of its requests: windows on stdout (docs/telemetry.md) and `/metrics`. Never a payload.

reporter     the telemetry of one worker: what the server holds
counts       one answer, counted
cells        where each number lies, in memory that all workers share
bins         the bins of the histograms
exemplars    a few requests by name
intervals    when windows begin and end
windows      a window as a line: JSON for the judge, metrics for CloudWatch
printing     lines to stdout that hold nothing up
exposition   the cells of all workers for Prometheus
process      processor time and memory
"""
