"""What a worker reports of its requests: windows on stdout (docs/telemetry.md), and `/metrics`. No payloads.

reporter     the telemetry of one worker; what the server uses
counts       counts an answer
cells        the counters, in memory that all workers share
bins         the bins of the histograms
exemplars    a few requests with their ids
intervals    when windows begin and end
windows      a window as a line: JSON for the judge, metrics for CloudWatch
printing     lines to stdout that hold nothing up
exposition   the cells of all workers for Prometheus
process      processor time and memory
"""
