"""`sage-edge model inspect PATH`: what a folder or a file is, without loading it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import click

from sage_edge import sanitize, sizes
from sage_edge.cli import render
from sage_edge.cli.completion import boards, offered
from sage_edge.cli.environment import json_option, paths
from sage_edge.cli.place import Place
from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.inventory import load
from sage_edge.inventory.board_card import Board
from sage_edge.models.errors import ModelError, TemplateUnfaithful
from sage_edge.models.inspect import mixture
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.memory import MemoryNeed, estimate
from sage_edge.models.inspect.native_probe import NativeProbe, probe
from sage_edge.models.inspect.report import InspectReport, plain
from sage_edge.models.prompt import probes, template


@click.command()
@click.argument("path", type=Place())
@click.option("--context", type=click.IntRange(1, 1 << 24), metavar="TOKENS", help="How much of its context is used.")
@click.option(
    "--board",
    metavar="NAME",
    shell_complete=offered(boards),
    help="Hold its memory against this board of fleet/boards/.",
)
@click.option("--architecture", metavar="NAME", help="Refuse another one, like qwen2.")
@click.option("--native", is_flag=True, help="Let llama.cpp open it too, in a child process with limits.")
@json_option
def inspect(
    path: Path, context: int | None, board: str | None, architecture: str | None, native: bool, as_json: bool
) -> None:
    """Say what a folder or a file is, without loading it.

    Exit code 0 for a whole model or a whole adapter, 3 for one that does not fit the board, else 1.
    """
    kind = None if board is None else _board(board)
    verdict = _within(context, _spoken_to(classify(path, family=architecture)))
    memory = _memory(verdict, context)
    answer = probe(path) if native and path.is_file() else None
    rows = dict(_rows(verdict, memory, kind, answer))
    if as_json:
        render.document("sage-edge/inspection/1", {"path": str(path), **_content(verdict, memory), "answer": rows})
    else:
        for key, value in rows.items():
            click.echo(f"{key:>13}  {sanitize.terminal(value)}")
    _judge(verdict, memory, kind, answer)


def _spoken_to(verdict: InspectReport) -> InspectReport:
    """Add what the chat template of a whole model would do to what is said; it is a program, and run within limits."""
    source = verdict.chat_template
    if source is None or not verdict.is_model or template.fault(source) is not None:
        return verdict
    try:
        probes.check(template.ChatTemplate(source, bos="<s>", eos="</s>"))
    except TemplateUnfaithful as unfit:
        lost = f"its chat template does not hold what is said, so it cannot conduct a session: {plain(unfit.why)}"
        return dataclasses.replace(verdict, notes=(*verdict.notes, lost))
    return verdict


def _within(context: int | None, verdict: InspectReport) -> InspectReport:
    """Add that more context is asked for than a model has."""
    most = verdict.dimensions.context if verdict.dimensions is not None else verdict.voice.context
    if context is None or most is None or context <= most:
        return verdict
    beyond = f"{context} tokens are asked for, it was made for {most}: beyond them it says nonsense"
    return dataclasses.replace(verdict, notes=(*verdict.notes, beyond))


def _board(name: str) -> Board:
    boards: Mapping[str, Board] = load.load(paths().fleet).boards
    if name not in boards:
        raise UsageError(f"no board named {name!r}; there are: {', '.join(sorted(boards))}", hint=sage("fleet show"))
    return boards[name]


def _memory(verdict: InspectReport, context: int | None) -> MemoryNeed | None:
    if verdict.dimensions is None or verdict.container is None or not verdict.is_model:
        return None
    return estimate(verdict.dimensions, verdict.weight_bytes, verdict.container, context=context)


def _rows(
    verdict: InspectReport, memory: MemoryNeed | None, board: Board | None, answer: NativeProbe | None
) -> list[tuple[str, str]]:
    rows = [("verdict", verdict.kind.value)]
    if verdict.family:
        what = [verdict.family, verdict.container or "", verdict.quantisation or mixture.text(verdict.mixture)]
        rows.append(("model", " · ".join(filter(None, what))))
    if verdict.parameters:
        rows.append(("weights", f"{sizes.text(verdict.weight_bytes)}, {verdict.parameters / 1e6:.1f} M numbers"))
    if memory is not None:
        needs = (("weights", memory.weights), ("KV cache", memory.kv_cache), ("scratch", memory.scratch))
        parts = " + ".join(f"{what} {sizes.text(size)}" for what, size in needs)
        rows.append(("memory", f"{sizes.text(memory.needs)} with {memory.context} tokens: {parts}"))
    if memory is not None and board is not None:
        verb = "fits" if memory.needs <= board.memory_bytes else "does not fit"
        rows.append(("board", f"{verb} {board.name}, which has {sizes.text(board.memory_bytes)}"))
    if answer is not None:
        rows.append(("llama.cpp", answer.why or f"opens it, {len(answer.metadata)} keys"))
    for key, sentences in (("missing", verdict.missing), ("refused", verdict.faults), ("noted", verdict.notes)):
        if sentences:
            rows.append((key, "; ".join(sentences)))
    return rows


def _content(verdict: InspectReport, memory: MemoryNeed | None) -> dict[str, object]:
    return {
        "verdict": verdict.kind.value,
        "container": verdict.container,
        "architecture": verdict.family,
        "quantisation": verdict.quantisation,
        "weight_bytes": verdict.weight_bytes,
        "parameters": verdict.parameters,
        "weights": verdict.weights,
        "missing": verdict.missing,
        "refused": verdict.faults,
        "noted": verdict.notes,
        "base": verdict.base.written if verdict.base else None,
        "memory_bytes": memory.needs if memory else None,
    }


def _judge(verdict: InspectReport, memory: MemoryNeed | None, board: Board | None, answer: NativeProbe | None) -> None:
    """Raise what stands against using it."""
    refusal = verdict.refusal()
    is_mergeable = verdict.is_adapter and verdict.base is not None and verdict.base.kind == "hub"
    if refusal is not None and not is_mergeable:
        raise refusal
    if answer is not None and not answer.is_good:
        raise ModelError(answer.why, hint="get the file again, or take the release of llama.cpp that it was made for")
    if memory is not None and board is not None:
        memory.fit(verdict.path.name, board.memory_bytes)
