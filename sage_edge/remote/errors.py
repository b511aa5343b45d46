"""What another machine, or the way to it, refuses; the kinds of `image`, `model_sync` and `deploy` stand below these."""

from __future__ import annotations

from sage_edge.errors import SageError


class DeployError(SageError):
    """Something between the workstation and a host refused."""
