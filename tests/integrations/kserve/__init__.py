"""InferenceServices, by KServe's own types and its own client."""
