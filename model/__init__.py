"""A service, from its data to the container that serves it. The example: will a flight arrive late?

    service/      what is about this service: data, features, pipelines, months, the bounds of its gates
    services/     a team's own services, a folder each
    contract.py   what a service tells of itself; finding.py which one is trained
    training/     from a fitted pipeline to a packaged model with its evidence
    serving/      the inference server; it imports nothing else of this package
    image/        how the inference image is made, from the serving code and its locked requirements
    artifact.py   model.tar.gz: written by training, read by whoever needs what is in it
    files.py      writing a file whole or not at all
    errors.py     what errors say

How a model is released is in `release`, which none of this imports.
"""
