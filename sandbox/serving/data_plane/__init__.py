"""Requests on their way to model servers, and their copies for shadow variants."""
