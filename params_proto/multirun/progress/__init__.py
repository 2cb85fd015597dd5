"""How far a sweep is, on standard error: a live line in a terminal, else a line for each job."""
