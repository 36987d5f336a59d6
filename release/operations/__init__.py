"""What people and CI want done, one use case a file: values in, values out, events on the way.

Operations decide by `release/domain`, move traffic by `release/rollout`, and reach the world through
`release/ports.py` only. How a result is told is the commands' job.
"""
