"""The Open Inference Protocol, version 2, over HTTP: what KServe, Seldon and Triton clients speak.

The protocol: https://github.com/kserve/open-inference-protocol, the binary extension and the repository's
index as Triton has them. It knows no socket and no other protocol.

routes      every path under /v2, and the refusal of others
health      what is answered before a model is loaded, and the protocol's form of an error
metadata    what a client may ask about the server and its models
infer       a request for scores into a job, and scores into an answer
class_infer the same for probabilities of several classes
body        the JSON of a request, typed
body_faults what is wrong with that JSON
tensors     a request's tensors as the rows of a schema
datatypes   one tensor's values, from JSON or from bytes
"""
