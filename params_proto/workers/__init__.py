"""Workers: processes that claim the jobs of a sweep, and run each in a process of its own.

Slurm, Ray or a shell decide where and when a worker runs; the records decide which job is next.
Nothing here is imported unless `hydra.sweeper.workers` or `gpus` is given, or a command such as
`params-proto work`.
"""
