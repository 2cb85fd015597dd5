"""The results of sweeps, one row for each job, read from their records with or without pandas."""
