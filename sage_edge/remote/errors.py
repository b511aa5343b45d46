"""What another machine, or the way to it, refuses; `image`, `model_sync` and `deploy` add kinds of their own."""

from __future__ import annotations

from sage_edge.errors import SageError


class DeployError(SageError):
    """Something between the workstation and a host refused."""
