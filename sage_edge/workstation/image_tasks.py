"""`invoke image.*`: building and sending images, what they are built upon, and the packages in them, by digest."""

from __future__ import annotations

from sage_edge import sizes
from sage_edge.errors import ExitCode
from sage_edge.workstation.task import FLEET, HOST, HOSTS, JSON, ONE_HOST, task

GROUP = "image"
PROCESSOR = "arm64: a cpu image for it, on a machine with another one and an emulator."


@task(
    help={
        "host": HOST,
        "fleet": FLEET,
        "platform": "l4t or cpu; default: what the host's board is.",
        "base": "An image that is here, to build a cpu image upon.",
        "bake": "Models from this machine's store in it, like family/name:variant,…; each shard is a layer.",
        "fresh": "Make every layer anew: the base's packages as they are today.",
        "processor": PROCESSOR,
    }
)
def build(
    c: object,
    host: str = "",
    fleet: str = "",
    platform: str = "",
    base: str = "",
    bake: str = "",
    fresh: bool = False,
    processor: str = "",
) -> int:
    """Build images; each draws a token where it can run."""
    import click

    from sage_edge.workstation import context, deploy_service

    here = context.make_context(fleet)
    for name in here.chosen(host, "", everyone=False):
        entry = here.fleet.host(name)
        way = platform or deploy_service.platform_of(here, entry)
        image = deploy_service.built(here, entry, way, base or None, bake, fresh=fresh, processor=processor)
        click.echo(f"{name:<12} {image.tag}  {image.id}  {sizes.text(image.bytes)}")
    return 0


@task(
    help={
        "host": ONE_HOST,
        "fleet": FLEET,
        "platform": "l4t or cpu; default: what the host's board is.",
        "processor": PROCESSOR,
        "check": "A document to compare with the image, instead of writing one.",
        "unasked": "Only read the image, which may be for another processor; do not ask it.",
    },
    codes=(ExitCode.NOT_VERIFIED,),
)
def sbom(
    c: object,
    host: str = "",
    fleet: str = "",
    platform: str = "",
    processor: str = "",
    check: str = "",
    unasked: bool = False,
) -> int:
    """Write what is in an image as SPDX, equal to what it says itself."""
    from pathlib import Path

    import click

    from sage_edge.image import build
    from sage_edge.image.sbom import bill
    from sage_edge.workstation import context, deploy_service

    here = context.make_context(fleet)
    entry = here.fleet.host(host)
    image = deploy_service.image_of(here, entry, platform, processor)
    if check:
        written = bill.check(Path(check), image)
    else:
        written = bill.make(here.root, here.fleet.folder, here.root / build.SCRATCHES, image, unasked=unasked)
    kinds = ", ".join(f"{count} of {kind}" for kind, count in sorted(written.counts.items()))
    click.echo(f"{entry.name:<12} {image.tag}  {written.path}  {kinds}")
    return 0


@task(
    help={"image": "A tag or an id that the engine has.", "other": "Another one."},
    codes=(ExitCode.NOT_VERIFIED, ExitCode.UNREACHABLE, ExitCode.REFUSED),
)
def compare(c: object, image: str = "", other: str = "") -> int:
    """Say in which files two images differ."""
    import click

    from sage_edge.errors import UsageError
    from sage_edge.hints import invoke
    from sage_edge.image import build, differences
    from sage_edge.workstation import context

    if not image or not other:
        raise UsageError("two images are compared", hint=invoke("image.compare", image="IMAGE", other="IMAGE"))
    click.echo(f"one image: {differences.require_equal(image, other, context.root() / build.SCRATCHES)}")
    return 0


@task(help={**HOSTS, "json": JSON})
def push(c: object, host: str = "", role: str = "", all: bool = False, fleet: str = "", json: bool = False) -> int:
    """Send images ahead, to the registry of fleet.yaml or else to the hosts."""
    from sage_edge.workstation import context, deploy_service

    here = context.make_context(fleet)
    return context.for_each(
        here,
        here.chosen(host, role, all),
        lambda name: deploy_service.pushed(here, name),
        str,
        as_json=json,
        schema="sage-edge/pushed/1",
    )


@task(
    help={
        "base": "A name in images/images.lock; without one: all that are unresolved.",
        "yes": "Also replace a digest that is locked.",
        "dry_run": "Show it and stop.",
    }
)
def lock(c: object, base: str = "", yes: bool = False, dry_run: bool = False) -> int:
    """Look up the digests of bases, show and lock them."""
    import click

    from sage_edge.cli.environment import log
    from sage_edge.clock import SystemClock
    from sage_edge.image import base_digests, spec
    from sage_edge.workstation import context

    images = context.root() / "images"
    digests = base_digests.look_up(images, base or None)
    if not digests:
        log("every base is resolved; to ask for one again: invoke image.lock --base NAME")
        return 0
    written, today = 0, f"{SystemClock().now():%Y-%m-%d}"
    for digest in digests:
        click.echo(f"{digest.name}  {digest.image}  {digest.kind}")
        if digest.kind != "same":
            click.echo(f"  - {digest.before}\n  + {digest.now}")
        if not dry_run and (digest.kind == "new" or (digest.kind == "moved" and yes)):
            spec.resolve_in_place(images, digest.name, digest.now, f"its registry, asked on {today}")
            written += 1
    kept = [digest.name for digest in digests if digest.kind == "moved" and not yes]
    log(f"{written} written" + (f"; kept as it was: {', '.join(kept)}; to replace it: --yes" if kept else ""))
    return 0


@task(
    help={
        "upgrade": "Take the newest of what no constraint pins.",
        "dry_run": "Show what would change and stop.",
    }
)
def requirements(c: object, upgrade: bool = False, dry_run: bool = False) -> int:
    """Make the hashed requirements of images anew."""
    import click

    from sage_edge import files
    from sage_edge.cli.environment import log
    from sage_edge.image import requirements as pinning
    from sage_edge.workstation import context

    root = context.root()
    texts = {sheet.path: pinning.compiled(root, sheet, upgrade=upgrade) for sheet in pinning.sheets(root)}
    for path, text in texts.items():
        before = path.read_text("utf-8") if path.is_file() else ""
        lines = pinning.changes(before, text)
        title = f"{path.relative_to(root)}: {'no change' if not lines else ''}".rstrip()
        click.echo("\n    ".join([title, *lines]))
        if lines and not dry_run:
            files.write_atomic(path, text.encode())
    log("nothing was written" if dry_run else "after a change, build and prove: invoke image.build --host HOST")
    return 0
