"""The jobs of a plan: their numbers, configs and directories, checked before any runs."""
