"""Judge a candidate beside live: PASS, FAIL or HOLD from mergeable windows, valid at any moment.

What is tolerated is the policy (`release/domain/policy.py`). From a request to a verdict:

    cells.py      the fixed bins that every window counts in
    counting.py   requests to windows, as a container counts them, for evidence made elsewhere
    windows.py    one window: parsed, checked, merged
    evidence.py   windows to blocks, which hold what both variants did in the same seconds
    questions.py  the policy's margins as two-sample questions about those bins
    table.py      the questions as arrays, and what a block answers to each
    bets.py       the evidence of one block for all questions: its e-values
    process.py    the evidence of all blocks so far: e-processes and their bounds
    noise.py      how much two equal variants may differ by themselves
    judge.py      e-processes to a verdict
    reasons.py    what each metric says, and what would decide it
    verdict.py    the verdict and its words
    growth.py     how fast evidence grows with requests
    estimate.py   how long a verdict will take, before a rollout starts

Nothing here reads AWS, a file or a clock. docs/judge.md derives the method.
"""
