"""What `sage-edge model bench` shows of one model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import click

from sage_edge import sanitize, sizes
from sage_edge.bench.quantiles import Quantiles
from sage_edge.bench.run import SpeedReport
from sage_edge.cli import render
from sage_edge.sizes import counted


def report(speed: SpeedReport, *, as_json: bool) -> None:
    """Show one model."""
    if as_json:
        render.document("sage-edge/bench/1", document(speed))
        return
    for key, value in _rows(speed).items():
        click.echo(f"{key:>13}  {sanitize.terminal(value)}")
    rows = [
        (entry.kind, str(entry.tokens), str(entry.reused), *_three(entry.seconds), str(entry.seconds.n))
        for entry in speed.first_tokens
    ]
    click.echo("")
    render.table(("prompt", "tokens", "known", "first token p50", "p95", "p99", "n"), rows, wrapped=0)
    warn(speed)


def _rows(speed: SpeedReport) -> Mapping[str, str]:
    whole = f", {speed.parameters:,} parameters" if speed.parameters else ""
    return {
        "model": f"{speed.model}, {speed.digest[:19]}, {sizes.text(speed.size_bytes)}{whole}",
        "engine": f"{speed.engine} {speed.version}, {_threads(speed.settings.threads)}, "
        f"{speed.settings.gpu_layers or 'no'} layers on a GPU, context {speed.settings.context_tokens}",
        "machine": ", ".join(_machine(speed)),
        "load": f"{speed.load_s:.2f} s with the check of its digest",
        "memory": f"at most {sizes.text(speed.peak_bytes)}" if speed.peak_bytes else "nobody counts here",
        "tokens": f"{speed.rate.p50:.1f} a second in the median of {speed.rate.n} rounds; "
        f"between two: {', '.join(_three(speed.gaps_s))} (p50, p95, p99 of {speed.gaps_s.n})",
        "roofline": f"{speed.share:.0%} of {sizes.text(speed.bandwidth)} a second"
        if speed.share is not None
        else f"{sizes.text(speed.bandwidth)} a second; no share: {speed.no_share}",
        "endings": ", ".join(f"{reason} {count}" for reason, count in speed.endings.items()),
    }


def _threads(count: int | None) -> str:
    return "as many threads as it likes" if count is None else counted(count, "thread")


def _machine(speed: SpeedReport) -> Iterator[str]:
    state = speed.after
    yield f"{state.clock_mhz:.0f} MHz" if state.clock_mhz else "clock not told"
    yield f"power mode {state.power_mode}" if state.power_mode is not None else "power mode not told"
    hottest = max(state.temperatures.values(), default=None)
    yield f"{hottest:.0f} degrees C at most" if hottest is not None else "temperatures not told"


def _three(values: Quantiles) -> tuple[str, str, str]:
    return _time(values.p50), _time(values.p95), _time(values.p99)


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def warn(speed: SpeedReport) -> None:
    """Say on stderr why a run should not be published, if so."""
    for complaint in speed.contention.complaints:
        render.line(f"contended, and not to be published: {complaint}", "yellow", err=True)


def document(speed: SpeedReport) -> dict[str, object]:
    """Return it as JSON has it; `contended`: why it should not be published."""
    return {**dataclasses.asdict(speed), "contended": list(speed.contention.complaints)}
