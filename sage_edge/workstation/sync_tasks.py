"""`invoke sync`: a model to a board's store."""

from __future__ import annotations

from sage_edge.workstation.registry import Chore


def add(chore: Chore) -> None:
    """Add `sync`."""

    @chore(
        "sync",
        host="To which host; without it, only to this machine.",
        model="The model, like qwen2.5-0.5b/introspective:v2.1-q8_0.",
        from_host="From which host; else from this machine.",
        fleet="An overlay of fleet/overlays, like sim.",
        limit="At most so many megabytes a second.",
        merge_there="Let the far side merge when only the adapter changed.",
        json="Print one JSON document.",
    )
    def sync(
        c: object, host: str = "", model: str = "", from_host: str = "", fleet: str = "", limit: str = "",
        merge_there: bool = True, json: bool = False,
    ) -> int:  # fmt: skip
        """Copy a model to a board's store over SSH, verified on arrival."""
        from sage_edge.workstation import context, sync_service

        return sync_service.carry(
            context.desk(fleet), host or None, model, from_host or None, limit_mb=limit or None,
            merge_there=merge_there, as_json=json,
        )  # fmt: skip
