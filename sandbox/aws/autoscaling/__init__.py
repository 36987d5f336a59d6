"""Application Auto Scaling: errors for targets that do not exist, and tags. Nothing scales by itself here."""
