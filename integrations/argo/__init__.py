"""A stage's endpoints as Rollouts of Argo's, whose analysis asks the judge's web service."""
