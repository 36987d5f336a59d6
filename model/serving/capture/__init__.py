"""What the container keeps of requests and answers, where its stage says that it does (`keeping.py`).

    redaction.py   rows as they may be kept: sensitive features dropped or hashed     (pure)
    records.py     one exchange as a line, in the form of SageMaker's own capture     (pure)
    spool.py       lines on disk until they are in S3, in files that one process writes at a time
    keeper.py      what a worker asks for every answer
    shipper.py     the process that brings the spool's files to S3
    store.py       S3, by obstore

A record is on disk before its caller gets the answer, so a worker that is killed loses none. What cannot be
kept is counted, and never keeps a caller waiting.
"""
