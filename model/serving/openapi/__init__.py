"""The server's API, described from the model's own schema: an OpenAPI document, and a page that tries it.

routes        GET /openapi.json, / and /docs
document      the OpenAPI 3.1 document
invocations   its part about /ping, /invocations and /metrics
inference     its part about the Open Inference Protocol
features      a model's features as JSON Schema, and an example of a row
page          the page, made of the document
"""
