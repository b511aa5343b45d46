"""Every prompt of the labelled talks as one number: what was published was said to these tokens, and to no others.

The numbers were made by commit ec9f9a4, whose prompts were put together in another way.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from sage_edge.engines import Message
from sage_edge.engines.llamacpp import LlamaCpp

TALKS = Path(__file__).parent / "cases" / "labels" / "smollm2.jsonl"
PROMPTS = 303
SEEDLING = "42bb61c5b047d45e2b5fbf196f57ba775cb2357142ff0b4efdcd92d6d4d70e12"
SMOLLM2 = "cdeced9ce0ac23783074ec5834b6f1a982ce38c28f165475fab19bcc66b98d7a"


def digest(engine: LlamaCpp) -> tuple[int, str]:
    """How many prompts there are, and SHA-256 over the tokens that a loaded engine makes of them."""
    count, found = 0, hashlib.sha256()
    for line in TALKS.read_text("utf-8").splitlines():
        session = json.loads(line)
        talk = [Message("system", session["system"])]
        for turn in session["turns"]:
            talk.append(Message("user", turn["question"]))
            found.update(json.dumps(engine._chat.prompt(talk).ids).encode())
            talk.append(Message("assistant", turn["answer"]))
            count += 1
    return count, found.hexdigest()
