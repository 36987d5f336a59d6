"""An AWS for a laptop: moto, and on it what a service on SageMaker needs beyond moto.

Knows nothing of the product. Folders import downwards only: control, aws, serving, processes, core; pulumi
stands beside them.
"""
