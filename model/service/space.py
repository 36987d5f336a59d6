"""What a search may try of the two pipelines, around what they are built with. Imports no library."""

from collections.abc import Mapping

from model.space import Real, Space, Whole

SPACES: Mapping[str, Space] = {
    "boosting": {
        "classifier__learning_rate": Real(0.02, 0.2, log=True),
        "classifier__max_iter": Whole(50, 400),
        "classifier__max_leaf_nodes": Whole(7, 63, log=True),
        "classifier__min_samples_leaf": Whole(100, 2000, log=True),
        "classifier__l2_regularization": Real(0.1, 100.0, log=True),
    },
    "logistic": {"classifier__C": Real(0.01, 10.0, log=True)},
}
"""By the model's name; of a model that is not here nothing is tried."""
