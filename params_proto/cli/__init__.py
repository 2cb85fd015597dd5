"""The subcommands of `params-proto`, or `python -m params_proto`."""
