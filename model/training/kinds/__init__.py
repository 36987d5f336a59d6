"""What differs between kinds of services: how scores are measured, and which gates that makes.

measures     what a kind brings
gate         one check's outcome
binary       a probability of one thing
regression   a number
multiclass   a probability of each of several classes
table        the kinds by name
"""
