"""An AWS for a laptop: moto, and what it lacks for a service on SageMaker. Knows nothing of the product."""
