"""From a service's data to a packaged model with its evidence.

train         one training, step by step; options says what can be chosen
assessment    the fitted candidate, measured beside the yardstick and the champion
kinds/        what differs between a probability and a number: measures and their gates
evaluation    the measures of scores, of all rows and of slices
gates         the checks that a model has to pass before it may be released
champion      the live model that a candidate is compared with
export        the ONNX graph of a pipeline, and whether it scores alike
golden        requests with the scores that any server of the model must give
package       what goes into model.tar.gz; skops_file the pipeline in it
bundle        several models in one model.tar.gz
tracking      the run in MLflow; source the Git commit it came from
errors        what can go wrong
"""
