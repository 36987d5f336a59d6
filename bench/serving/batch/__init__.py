"""Ten million rows through the batch path, beside scikit-learn on the same core.

rows       real flights, made different from each other by the million
formats    rows as bodies, answers as scores
rival      scikit-learn's own predict_proba on the server's core
course     one format from its first row to its last: bodies one at a time, the rival after each
figures    rates, ratios and bars
"""
