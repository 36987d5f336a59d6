"""`make bench`: what a user waits for, from one endpoint in a stage to a hundred.

    users.py      runs commands as a user does, and measures the seconds and the processor's seconds of each
    endpoints.py  the stage's data with more endpoints that serve the same two releases
    measure.py    the sandbox, the releases and the commands, size after size
    figures.py    medians and bars, from the raw seconds

Nobody imports this.
"""
