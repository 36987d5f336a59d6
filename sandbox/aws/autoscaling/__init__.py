"""Application Auto Scaling: what is not there, tags of targets, and no activities, as nothing scales here."""
