"""The broker's loggers and their levels, as admin clients see and set them (KIP-412).

Log4j's root logger is the one all loggers of this broker hang on: what else runs in the process keeps its
own levels.
"""

from __future__ import annotations

import logging

ROOT = "root"
OWN = "kafkashim"
# Log4j's names and the levels of Python they stand for, the finest first.
LEVELS = {
    "TRACE": 5,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
}


def loggers() -> dict[str, str]:
    """The level each logger has, of its own or from the one above it."""
    names = sorted(
        name
        for name, logger in logging.root.manager.loggerDict.items()
        if name.startswith(f"{OWN}.") and isinstance(logger, logging.Logger)
    )
    return {name: _level(name) for name in (ROOT, *names)}


def exists(name: str) -> bool:
    """Whether there is a logger of this name."""
    return name in loggers()


def set_level(name: str, level: str) -> None:
    """Set a logger's level; both were checked before."""
    _logger(name).setLevel(LEVELS[level])


def unset_level(name: str) -> None:
    """Let a logger have the level of the one above it again."""
    _logger(name).setLevel(logging.NOTSET)


def _logger(name: str) -> logging.Logger:
    return logging.getLogger(OWN if name == ROOT else name)


def _level(name: str) -> str:
    threshold = _logger(name).getEffectiveLevel()
    return next((level for level, most in LEVELS.items() if threshold <= most), "OFF")
