"""The story that shows everything on one machine, its bad models and its project folder."""
