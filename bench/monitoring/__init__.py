"""Measures of monitoring, on real data whose truth is known."""
