"""A task called as a function, in this process."""

from __future__ import annotations

from typing import Any

from invoke import Config, Context


def call(task: Any, **given: Any) -> int:
    """Return the exit code of a task's own function; its errors come through as they are raised."""
    return int(task.body.__wrapped__(Context(Config()), **given))
