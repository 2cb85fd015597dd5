"""Workers: processes that claim the jobs of a sweep, and run each job in its own process.

Slurm, Ray or a shell decide where and when workers run; the records decide which job is next.
Nothing here is imported unless `hydra.sweeper.workers` or `gpus` is set, or a command such as
`params-proto work` runs.
"""
