"""Judge a candidate beside live: PASS, FAIL or HOLD from mergeable windows, valid at any moment.

    policy.py     what is tolerated, as data
    cells.py      the fixed bins that every window counts in
    counting.py   requests to windows (what a container does, for evidence made elsewhere)
    windows.py    one window: parsed, checked, merged
    evidence.py   windows to blocks: order, duplicates, lateness, clocks
    questions.py  the policy's margins as two-sample questions about those bins
    table.py      the questions as arrays, and a block seen through them
    bets.py       the e-value of one block for all questions
    process.py    e-values of blocks to e-processes, bounds and plug-ins
    noise.py      how much two equal variants may differ by themselves
    judge.py      e-processes to a verdict
    reasons.py    what each metric says
    verdict.py    the verdict and its words
    growth.py     how fast evidence grows
    plan.py       how long a verdict will take

Nothing here reads AWS, a file or a clock. docs/judge.md derives the method.
"""
