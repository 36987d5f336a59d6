"""The training in the stages of `dvc.yaml`, a process each, with files in between.

    ingest → validate → features → train → evaluate → package

The steps are those of `./slipway train`, and so is `model.tar.gz`, byte for byte.

files      where a stage reads and writes
parameters what `params.yaml` says
stages     the six of them
"""
