#!/opt/sage/bin/python3
"""Does this image work here: inside the container, with its GPU if it is for one, the model generates a token.

Prints one JSON document; exit status 1 with the reason where it does not. A listed device is no proof (facts §1.3): a
GPU image fails without a GPU, because layers that stay on the CPU are a broken set-up and not a slow one.
"""

import json
import os
import sys
from pathlib import Path

import yaml

from sage_edge.models.resolve import Library
from sage_edge.names import ModelRef
from sage_edge.verify import probes

card = yaml.safe_load(Path(os.environ["SAGE_IMAGE_CARD"]).read_text("utf-8"))
fleet, models = Path(os.environ["SAGE_FLEET"]), Path(os.environ["SAGE_MODELS"])


def main() -> int:
    """Draw one token with the model that the image carries; on a GPU image, run a kernel first."""
    ref = ModelRef(card["model"])
    model = Library(fleet, models).resolve(ref)
    if card["gpu_layers"]:
        kernel = probes.llama_kernel(model.path)
        if not kernel.ran or kernel.capability != card["compute_capability"]:
            found = kernel.refusal or f"{', '.join(kernel.devices) or 'no device'}, capability {kernel.capability}"
            return fail(f"the GPU did not compute: {found}")
    drawn = probes.token(ref, fleet, models, gpu_layers=card["gpu_layers"])
    if drawn.refusal or not drawn.tokens:
        return fail(f"no token was drawn: {drawn.refusal}")
    told = {
        "ok": True,
        "model": ref,
        "digest": model.digest,
        "tokens": drawn.tokens,
        "seconds": round(drawn.seconds, 3),
    }
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


def fail(why: str) -> int:
    """Say why, on both streams: the document for programs, the sentence for people."""
    sys.stdout.write(json.dumps({"ok": False, "why": why}) + "\n")
    sys.stderr.write(f"{why}\n")
    return 1


sys.exit(main())
