"""A stage's endpoints as Canaries of Flagger's, whose hooks ask the judge's web service."""
