"""AWS's APIs: moto, and one folder for each service to which something is added.

In a folder `api.py` holds the actions, `store.py` what is kept, `rules.py` what is refused. `dispatch` is the
way of a request to moto, `shared` what several services need.
"""
