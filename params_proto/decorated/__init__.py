"""Functions and classes as `proto` makes them, and which of their parameters a key names."""
