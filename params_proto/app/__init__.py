"""A decorated function as a Hydra app."""
