"""A model's files and its graph. No requests.

artifact     the files, compared with their checksums
schema       what the model reads, from the artifact's schema.json
catalog      all models of an artifact, loaded, by name and version
columns      rows as the arrays that the graph reads
scorer       ONNX Runtime: columns in, scores out
predictor    a loaded model: a request in, scores out
"""
