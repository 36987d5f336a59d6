"""The example service: will a flight arrive 15 minutes late or more?

Data, training, gates and packaging. What serves the model is in `model.serving`, which imports none of this;
how a model is released is in `release`, which none of this imports.
"""
