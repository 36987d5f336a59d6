"""What judged rollouts come to: how soon a bad release is gone, and how good ones fare. `make bench-rollout`.

scene       a sandbox, two stages, releases of every kind, and callers from another process
rows        what is done in it, one rollout after the other, and what is measured
__main__    which rows, progress, the table, raw results
"""
