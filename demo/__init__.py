"""The story that shows everything on one machine, told with the commands that people and CI use.

chapters.py    what happens, in order
narration.py   runs the commands, shows what they say, insists that they end as told
watch.py       asks an endpoint until it answers as expected
bad_models.py  damaged copies of a trained model
project.py     the folder in which it all happens
"""
