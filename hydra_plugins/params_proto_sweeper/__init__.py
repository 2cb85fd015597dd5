"""A Hydra sweeper that runs a `Sweep`: `hydra/sweeper=params_proto`."""
