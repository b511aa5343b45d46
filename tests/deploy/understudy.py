"""An image in the place of Sprout's: the same names, labels and manners, but it starts in a blink and thinks nothing.

What deploying does to a container is proven with this one; what the agent does inside is proven with the real image.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

from sage_edge import shell
from sage_edge.image.built import BuiltImage
from sage_edge.models import resolve
from sage_edge.names import Digest, ModelRef
from sage_edge.shell import Command

SEEDLING = ModelRef("sage/seedling:q8_0")
# A beat replaces the one before it whole, as the agent's does: who looks in between must not read an empty file.
_RECIPE = """\
FROM {base}
COPY --chmod=0755 <<'EOF' /usr/local/bin/sage-edge
#!/bin/sh
trap 'exit 0' TERM INT
while :; do
  test ! -e $SAGE_STATE/refused || exit $(cat $SAGE_STATE/refused)
  while test -e $SAGE_STATE/mute; do sleep 1 & wait $!; done
  failing=$(cat $SAGE_STATE/failing 2>/dev/null || echo null)
  printf '{{"failing": %s, "container": "%s", "release": "%s"}}' "$failing" "$HOSTNAME" "$SAGE_RELEASE" \
    >"$SAGE_STATE/beat.new" &&
    mv "$SAGE_STATE/beat.new" "$SAGE_STATE/heartbeat.json"
  sleep 1 & wait $!
done
EOF
COPY --chmod=0755 <<'EOF' /usr/local/bin/sage-healthy
#!/bin/sh
test -s "$SAGE_STATE/heartbeat.json"
EOF
COPY --chmod=0755 <<'EOF' /usr/local/bin/sage-smoke
#!/bin/sh
echo one token
EOF
ENV SAGE_STATE=/srv/sage/state
LABEL sage.role=practitioner sage.board=orin-nano sage.platform=cpu sage.model={model} sage.model.digest={digest}
USER 10001:10001
ENTRYPOINT ["sage-edge"]
CMD ["agent", "run"]
"""


def build(base: str) -> BuiltImage:
    """Return the image, built upon one that is here."""
    tag, digest = "sage-test/sprout:understudy", f"sha256:{resolve.known((resolve.SHIPPED,))[SEEDLING][1].sha256}"
    return _made(
        BuiltImage(Digest(digest), "sprout", tag, "practitioner", "orin-nano", "cpu", 0, SEEDLING),
        _RECIPE.format(base=base, model=SEEDLING, digest=digest),
    )


def derived(of: BuiltImage, recipe: str) -> BuiltImage:
    """Return an image built on top of another one, so that something in it is different."""
    tag = f"sage-test/{of.name}:{abs(hash(recipe)) % 10**8}"
    return _made(replace(of, tag=tag), f"FROM {of.tag}\nUSER root\n{recipe}\nUSER 10001:10001\n")


def _made(image: BuiltImage, recipe: str) -> BuiltImage:
    """Build a recipe that needs no files, and return the image with its id and size."""
    words = ("docker", "buildx", "build", "--load", "--provenance=false", "--quiet", "--tag", image.tag, "-")
    subprocess.run(words, input=recipe.encode(), check=True, capture_output=True)
    found = json.loads(shell.run(Command(("docker", "image", "inspect", image.tag))).text)[0]
    return replace(image, id=Digest(found["Id"]), bytes=int(found["Size"]))
