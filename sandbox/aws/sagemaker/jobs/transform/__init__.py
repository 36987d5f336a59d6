"""SageMaker's transform jobs. How they run is in `sandbox.serving.transforms`."""
