"""Hostile inputs to a real server: every format, header and framing, right and wrong, and what comes back.

One number and one seed make one case, the same each time:

cases             the number's case: a draft, its envelope, its framing
documents         drafts in JSON's forms, JSON lines and CSV
arrays            drafts in NumPy's format
tables            drafts in Parquet and Arrow
tensors           drafts of the Open Inference Protocol
questions         requests without a body to every path
envelope          headers, content encodings, methods
framing           whole and broken HTTP/1.1
json_text         JSON that no library writes
mangling          bytes changed, cut, doubled

warming           the largest right bodies, before a run
campaign          sends the cases over kept connections
oracle            what is wrong with an answer
findings          cases kept as files, and sent again
documented        schemathesis over the server's own OpenAPI document
"""
