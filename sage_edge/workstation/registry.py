"""How the modules of this room are given tasks to make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Chore = Callable[..., Callable[[Callable[..., int]], Any]]
"""Makes a task of a function: its name, then the help of every parameter."""
