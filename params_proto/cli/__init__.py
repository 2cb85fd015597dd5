"""The commands: `params-proto`, or `python -m params_proto`."""
