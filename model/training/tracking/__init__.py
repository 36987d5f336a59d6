"""Records of trainings, in MLflow, in Weights & Biases, or in both. A record never costs a training.

run       what is recorded of one training
outbox    keeps each run, with its files, until every tracker has it
trackers  which trackers there are, by name; what they have in common
to_mlflow, to_wandb   one tracker each; mlflow_store is where MLflow keeps it
sending   asks the trackers, and says of each what it has or why not

Nothing is ever loaded from a tracker: a release depends on the files of a training alone.
"""
