"""What is about this service and no other: will a flight from New York arrive 15 minutes late or more?

service     what training asks of it (`model.contract`), put together from the others
data        the flights, joined with weather and aircraft; schema what that table must look like
features    the inputs of the model, by name and kind
pipeline    the pipelines there are
split       which months train, validate and test
bounds      what a model must reach, beside the measurements that justify it
errors      what can be wrong with the months
"""
