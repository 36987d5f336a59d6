"""How soon the judge's web service answers while a rollout's instances send their windows."""
