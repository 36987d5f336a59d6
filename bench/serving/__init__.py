"""`make bench-serving`: our server and its peers, on the same model and the same load.

    peers/           the servers, one file a product; what their environments hold, and code that runs there
    payloads.py      rows as bodies, answers as scores
    model_files.py   the model, trained once
    environments.py  a virtual environment for each peer
    running.py       a server in a process of its own
    trial.py         one start of one server: checked, loaded
    scaling.py       our server with one worker and with two
    campaign.py      all rounds of all servers
    do_nothing.py    our server without a model: a constant for an answer
    results.py       what was measured, as JSON
    checks.py        what a long run has to show, of soak/ and batch/
    figures.py       medians, ratios, bars
    report.py        the page and the tables; plot.py the plot

What counts memory and CPU and makes the load is in `measuring/`. Nothing of the product imports this.
"""
