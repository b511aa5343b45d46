"""`invoke image.*`: what images are built upon, and the packages in them, by digest."""

from __future__ import annotations

from pathlib import Path

from sage_edge.workstation.registry import Chore

_BASE = "A name in images/images.lock; without one: all that are unresolved."


def add(chore: Chore) -> None:
    """Add every `image.*` chore."""

    @chore("image.lock", base=_BASE, yes="Also replace a digest that is locked.", dry_run="Show it and stop.")
    def lock(c: object, base: str = "", yes: bool = False, dry_run: bool = False) -> int:
        """Look up the digests of bases, show and lock them."""
        from datetime import datetime, timezone

        import click

        from sage_edge.cli.environment import tell
        from sage_edge.image import base_digests, spec

        images = _root() / "images"
        found = base_digests.look_up(images, base or None)
        if not found:
            tell("every base is resolved; to ask for one again: invoke image.lock --base NAME")
            return 0
        written, today = 0, f"{datetime.now(timezone.utc):%Y-%m-%d}"
        for one in found:
            click.echo(f"{one.name}  {one.image}  {one.kind}")
            if one.kind != "same":
                click.echo(f"  - {one.before}\n  + {one.now}")
            if not dry_run and (one.kind == "new" or (one.kind == "moved" and yes)):
                spec.resolve_in_place(images, one.name, one.now, f"its registry, asked on {today}")
                written += 1
        kept = [one.name for one in found if one.kind == "moved" and not yes]
        tell(f"{written} written" + (f"; kept as it was: {', '.join(kept)}; to replace it: --yes" if kept else ""))
        return 0

    @chore(
        "image.requirements",
        upgrade="Take the newest of what no constraint pins.",
        dry_run="Show what would change and stop.",
    )
    def requirements(c: object, upgrade: bool = False, dry_run: bool = False) -> int:
        """Make the hashed requirements of images anew."""
        import click

        from sage_edge import files
        from sage_edge.cli.environment import tell
        from sage_edge.image import requirements as pinning

        root = _root()
        texts = {sheet.path: pinning.compiled(root, sheet, upgrade=upgrade) for sheet in pinning.sheets(root)}
        for path, text in texts.items():
            before = path.read_text("utf-8") if path.is_file() else ""
            lines = pinning.changes(before, text)
            click.echo(
                "\n    ".join([f"{path.relative_to(root)}: {'no change' if not lines else ''}".rstrip(), *lines])
            )
            if lines and not dry_run:
                files.write_atomic(path, text.encode())
        tell("nothing was written" if dry_run else "after a change, build and prove: invoke image.build --host HOST")
        return 0


def _root() -> Path:
    from sage_edge.cli.environment import paths

    return paths().fleet.resolve().parent
