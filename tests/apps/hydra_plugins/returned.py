"""A plugin of the tests: our sweeper, recording what the launcher returns."""

import json
from pathlib import Path

from omegaconf import OmegaConf

from hydra_plugins.params_proto_sweeper.sweeper import ParamsProtoSweeper


class Returned(ParamsProtoSweeper):
    def sweep(self, arguments):
        batches = super().sweep(arguments)
        jobs = [
            {
                "number": job.hydra_cfg.hydra.job.num,
                "config": OmegaConf.to_container(job.cfg, enum_to_str=True),
                "returned": repr(job.return_value[0]),
                "process": job.return_value[1],
            }
            for batch in batches
            for job in batch
        ]
        Path("returned.json").write_text(json.dumps(jobs, default=str))
        return batches
