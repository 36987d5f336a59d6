"""A model's files and its graph, and rows as that graph reads them. No requests, no formats.

artifact     the files, compared with their checksums
schema       what the model reads, from the artifact's schema.json
catalog      all models of an artifact, loaded, by name and version
columns      rows as the arrays that the graph reads
scorer       ONNX Runtime: columns in, scores out
"""
