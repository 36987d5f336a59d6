"""What is drawn of a live model. It decides nothing, and what it needs is no part of monitoring.

drift_page.py   the requests beside the release's sample, as a page: Evidently, in an environment of its own
programs/       what runs in that environment
"""
