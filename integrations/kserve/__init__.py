"""KServe: what a stage serves as InferenceServices, which the cluster's owner applies."""
