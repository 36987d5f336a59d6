"""Two releases side by side on a business outcome: who gets which, and what it came to. Pure.

    assignment.py  a caller's key to a variant       planner.py   how many exposures a lift needs
    joining.py     exposures and outcomes to blocks  result.py    blocks to a lift with its bounds
    evidence.py    the judge's bets on two means     shares.py    whether the variants got their shares
    report.py      the result in words

How an experiment begins, holds rollouts and ends is `release/operations/experiment.py`: it moves traffic.
"""
