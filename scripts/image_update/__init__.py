"""`./slipway update`'s parts: newer requirements for the image, tried beside the present ones.

lock      which versions change, and the files that name them
servers   an image's own layers, run by this machine's Python
trial     the same requests and the same load for both images
verdict   whether speed, size or predictions moved; pure
"""
