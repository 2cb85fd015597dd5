"""The expression of a sweep: its steps, their checks, how to join two, and their configs."""
