"""Probes in child processes: run a kernel on the GPU, draw a token, ask the exchange.

Each runs in a process of its own with a time limit, so that a crash or a hang in there is a fact out here. That a
library lists a device is no proof: a stock llama.cpp listed Thor's GPU and died at the first inference (facts §1.3).
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sage_edge import shell
from sage_edge.errors import HubRefused, Unreachable
from sage_edge.exchange import hub_door
from sage_edge.exchange.hub_door import HubCaller
from sage_edge.names import HostName, ModelRef
from sage_edge.shell import Command, Result

KERNEL_S, TOKEN_S, EXCHANGE_S = 120.0, 120.0, 15.0

_TORCH = """
import json, torch
from sage_edge.engines.transformers_device import computes
answer = {"built": torch.version.cuda is not None, "devices": [], "capability": None, "ran": False}
answer["cuda"] = torch.version.cuda
if torch.cuda.is_available():
    answer["devices"] = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    answer["capability"] = ".".join(map(str, torch.cuda.get_device_capability()))
    answer["ran"] = computes("cuda")
    driver = torch._C._cuda_getDriverVersion()
    answer["newest"] = f"{driver // 1000}.{driver % 1000 // 10}"
print(json.dumps(answer))
"""

# The log of llama.cpp on stderr says which device it took and how many layers went there.
_LLAMA = """
import json, sys
import llama_cpp
answer = {"built": bool(llama_cpp.llama_supports_gpu_offload()), "devices": [], "capability": None, "ran": False}
if answer["built"]:
    llm = llama_cpp.Llama(sys.argv[1], n_ctx=64, n_batch=32, n_threads=1, n_gpu_layers=-1, verbose=True)
    llm.eval(llm.tokenize(b"I am", add_bos=False))
    answer["ran"] = llm.n_tokens > 0 and llm.sample(temp=0.0) >= 0
    llm.close()
print(json.dumps(answer))
"""
_DEVICE = re.compile(r"Device \d+: (.+?), compute capability (\d+\.\d+)")
_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")

_ONE_DRAW = """
import json, sys
from pathlib import Path
from sage_edge.engines import Deadline, Draw, Message, Sampling, Settings, open_engine
from sage_edge.models.resolve import Library
from sage_edge.names import ModelRef
model = Library(Path(sys.argv[2]), Path(sys.argv[3])).resolve(ModelRef(sys.argv[1]))
engine = open_engine("llamacpp", Settings(256, 64, 1, int(sys.argv[4])))
engine.load(model)
asked = [Message("system", "You are Sage."), Message("user", "Who are you?")]
greedy = Sampling(temperature=0.0, top_p=1.0, top_k=0, min_p=0.0, repeat_penalty=1.0, max_tokens=1)
reply = engine.reply(asked, Draw(greedy, seed=1), Deadline(60))
engine.close()
print(json.dumps({"tokens": reply.completion_tokens, "finish": reply.finish_reason, "seconds": reply.duration_s}))
"""


@dataclass(frozen=True)
class Kernel:
    """What a library did on a GPU. built: whether it could at all; ran: a kernel ran and its result was right.

    capability: of the device that it took, like "8.7"; refusal: why the child ended early, empty when it did not.
    cuda: the version that the library was built with; newest: the newest that the device's driver was made for.
    """

    library: str
    built: bool = False
    devices: tuple[str, ...] = ()
    capability: str | None = None
    ran: bool = False
    refusal: str = ""
    cuda: str | None = None
    newest: str | None = None

    @property
    def is_ahead(self) -> bool:
        """Whether the library was built with a newer CUDA than its driver knows: that it runs is proven for no such."""
        if self.cuda is None or self.newest is None:
            return False
        built, known = (tuple(map(int, text.split(".")[:2])) for text in (self.cuda, self.newest))
        return built > known


@dataclass(frozen=True)
class Token:
    """What became of one greedy token; seconds: from the question to it. refusal: empty when it was drawn."""

    ref: ModelRef
    tokens: int = 0
    seconds: float = 0.0
    refusal: str = ""


@dataclass(frozen=True)
class ExchangeAnswer:
    """What the exchange answered: how many hosts have a branch there; refusal: why it did not, None where it did."""

    remote: str
    branches: int = 0
    refusal: HubRefused | Unreachable | None = None


def torch_kernel() -> Kernel:
    """Run a kernel with torch, which has to be installed."""
    return _kernel("torch", shell.attempt(_child(_TORCH, (), KERNEL_S)))


def llama_kernel(model: Path) -> Kernel:
    """Evaluate two words of a GGUF with all layers on the GPU, where llama.cpp was built for one."""
    done = shell.attempt(_child(_LLAMA, (str(model),), KERNEL_S))
    return read_llama(_kernel("llama_cpp", done), done.complaint)


def read_llama(kernel: Kernel, log: str) -> Kernel:
    """Return what a run of llama.cpp proves, given its log: layers that stayed on the CPU prove nothing."""
    devices, moved = _DEVICE.findall(log), _OFFLOADED.search(log)
    on_gpu = moved is not None and moved[1] == moved[2]
    capability = devices[0][1] if devices else None
    names = tuple(name for name, _ in devices)
    return Kernel(kernel.library, kernel.built, names, capability, kernel.ran and on_gpu, kernel.refusal)


def _kernel(library: str, done: Result) -> Kernel:
    if done.code != 0:
        return Kernel(library, refusal=_why(done))
    answer = json.loads(done.text.splitlines()[-1])
    return Kernel(
        library,
        answer["built"],
        tuple(answer["devices"]),
        answer["capability"],
        answer["ran"],
        cuda=answer.get("cuda"),
        newest=answer.get("newest"),
    )


def token(ref: ModelRef, fleet: Path, models: Path, *, gpu_layers: int) -> Token:
    """Draw one greedy token with the engine that conducts sessions."""
    done = shell.attempt(_child(_ONE_DRAW, (ref, str(fleet), str(models), str(gpu_layers)), TOKEN_S))
    if done.code != 0:
        return Token(ref, refusal=_why(done))
    answer = json.loads(done.text.splitlines()[-1])
    if answer["finish"] not in ("length", "stop"):
        return Token(ref, refusal=f"it ended by {answer['finish']}")
    return Token(ref, answer["tokens"], answer["seconds"])


def exchange(remote: str, host: HostName | None = None) -> ExchangeAnswer:
    """Ask the exchange for its branches, as whoever runs this would; never a question on a terminal.

    host: who asks; None: no card says it.
    """
    ssh = os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=10")
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": ssh, "LC_ALL": "C"}
    asked = Command(("git", "ls-remote", "--", remote, "refs/heads/host/*"), timeout_s=EXCHANGE_S, env=quiet)
    done = shell.attempt(asked)
    if done.code != 0:
        return ExchangeAnswer(remote, refusal=hub_door.why(HubCaller(remote, host), done, "git-upload-pack"))
    return ExchangeAnswer(remote, len(done.text.splitlines()))


def _child(program: str, words: Sequence[str], seconds: float) -> Command:
    return Command((sys.executable, "-c", program, *words), timeout_s=seconds)


def _why(done: Result) -> str:
    if done.code < 0:
        return f"it was ended by signal {-done.code}"
    lines = [line for line in done.complaint.splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else f"it ended with {done.code}"
