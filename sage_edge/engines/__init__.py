"""Inference: one protocol, one door per supplier. `open_engine` makes what a host declares."""

from __future__ import annotations

from sage_edge.engines.base import Deadline, Engine, Message, Reply, Sampling, Settings

__all__ = ["Deadline", "Engine", "Message", "Reply", "Sampling", "Settings", "open_engine"]


def open_engine(settings: Settings) -> Engine:
    """Return an engine, not yet loaded. Raises EngineMissing when its library is not installed."""
    from sage_edge.engines.llamacpp import LlamaCpp

    return LlamaCpp(settings)
