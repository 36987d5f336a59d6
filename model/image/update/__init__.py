"""Newer requirements for the image, tried beside the present ones before they are kept.

attempt    one update from the proposal to what was decided; nothing is kept without being asked for
lock       the newest requirements that fit together, and the files that name them
trial      the same requests and the same load for both images, in turn
servers    an image's own layers, run by this machine's Python
golden     requests with the scores that training computed for them
findings   whether speed, size or predictions moved, and whether that stands in the way
"""
