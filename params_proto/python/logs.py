"""The process's logging, kept from what Hydra does to it.

Hydra configures logging for the multirun and for each job, by which the standard library closes
every handler that there is, takes the root's, and opens files that the next configuration closes.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

# Of the standard library: handlers by name, as a configuration names them; and weak references to
# all handlers. Neither has a public name in all versions.
_named: Any = vars(logging)["_handlers"]
_all: list[Any] = vars(logging)["_handlerList"]


class _Settings(NamedTuple):
    """Those of a logger."""

    level: int
    handlers: list[logging.Handler]
    filters: list[Any]
    propagate: bool
    disabled: bool

    @classmethod
    def of(cls, logger: logging.Logger) -> _Settings:
        handlers, filters = list(logger.handlers), list(logger.filters)
        return cls(logger.level, handlers, filters, logger.propagate, logger.disabled)

    def put_back(self, logger: logging.Logger) -> None:
        added = [one for one in logger.handlers if one not in self.handlers]
        for handler in [one for one in added if one.name]:  # which a configuration has given it
            added.remove(handler)
            handler.close()
        logger.setLevel(self.level)
        logger.handlers[:] = [*self.handlers, *added]
        logger.filters[:] = self.filters
        logger.propagate, logger.disabled = self.propagate, self.disabled


@contextmanager
def logging_kept() -> Generator[None, None, None]:
    """Puts the loggers back as they were, and closes what has been configured for them.

    Handlers that somebody else has added meanwhile, as a library does when it is first used, stay.
    """
    before = {logger: _Settings.of(logger) for logger in _loggers()}
    named, everyone = dict(_named), _all[:]
    _named.clear()
    _all.clear()  # out of sight of a configuration, which would close them
    try:
        yield
    finally:
        for logger, settings in before.items():
            settings.put_back(logger)
        _named.update(named)
        _all[:0] = [reference for reference in everyone if reference() is not None]


def _loggers() -> list[logging.Logger]:
    known = list(logging.Logger.manager.loggerDict.values())
    return [logging.getLogger(), *[one for one in known if isinstance(one, logging.Logger)]]
