"""The training as a container of SageMaker's: `train` in the image, and both ends of what goes in and out.

place           where SageMaker puts what it gives a container, and looks for what it made
hyperparameters what a training is asked for, as the texts that SageMaker carries
entry           the training in the container
steps           what a pipeline does around it, in the same container
collect         what came back becomes the model of a training here

Nothing of it knows AWS: a folder with the same files in it is a training job as well.
"""
