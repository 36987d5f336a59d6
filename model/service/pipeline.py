"""The two pipelines that the service knows. Nothing here reads data or writes files.

Both are kept: the booster ranks better, the logistic regression is the simple challenger that shows what the
booster is worth, and the yardstick that every candidate must reach.
"""

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from model.service.features import CATEGORIES, NUMBERS


def build(model: str) -> Pipeline:
    """An unfitted pipeline from the frame of the features to the probability of being late."""
    return {"logistic": _logistic, "boosting": _boosting}[model]()


def _logistic() -> Pipeline:
    numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    columns = ColumnTransformer(
        [
            ("categories", OneHotEncoder(handle_unknown="ignore"), list(CATEGORIES)),
            ("numbers", numbers, list(NUMBERS)),
        ]
    )
    return Pipeline([("columns", columns), ("classifier", LogisticRegression(max_iter=300))])


def _boosting() -> Pipeline:
    # Categories as plain ordinals: with `categorical_features` the ONNX graph converts without an error
    # and is wrong by up to 0.5.
    ordinals = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer(
        [("categories", ordinals, list(CATEGORIES)), ("numbers", "passthrough", list(NUMBERS))]
    )
    classifier = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=200,
        max_leaf_nodes=15,
        min_samples_leaf=500,
        l2_regularization=10,
        early_stopping=False,
        random_state=0,
    )
    return Pipeline([("columns", columns), ("classifier", classifier)])
