"""Inference: one protocol, one door per supplier. `open_engine` makes what a host declares."""

from __future__ import annotations

from sage_edge.engines.base import Deadline, Draw, Engine, Message, Reply, Settings
from sage_edge.engines.registry import open_engine
from sage_edge.sampling import Sampling

__all__ = ["Deadline", "Draw", "Engine", "Message", "Reply", "Sampling", "Settings", "open_engine"]
