"""A multirun from Python, as `python train.py -m` runs it."""
