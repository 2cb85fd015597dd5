"""What came out of sweeps, a row for each job: read from their records, with or without pandas."""
