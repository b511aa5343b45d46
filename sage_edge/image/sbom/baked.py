"""The models of an image: those of its store, and the seedling that comes with our code.

srv/sage/models/manifests/FAMILY/NAME/VARIANT.json                     models.manifest
opt/sage/lib/python3.*/site-packages/sage_edge/models/*/card.yaml      models.shipped_card
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import ValidationError

from sage_edge.declared import yaml_text
from sage_edge.declared.yaml_text import YamlRefused
from sage_edge.image.errors import SbomUnreadable
from sage_edge.image.sbom import licences
from sage_edge.image.sbom.licences import UNKNOWN
from sage_edge.image.sbom.parts import SoftwarePart
from sage_edge.models import manifest
from sage_edge.models.card import ModelCard
from sage_edge.models.shipped_card import ShippedCard
from sage_edge.names import ModelRef

MANIFEST = re.compile(r"srv/sage/models/manifests/[^/]+/[^/]+/[^/]+\.json")
SHIPPED = re.compile(r"opt/sage/lib/python3\.\d+/site-packages/sage_edge/models/[^/]+/card\.yaml")


def stored(text: str, cards: Mapping[ModelRef, ModelCard]) -> SoftwarePart:
    """Return the model of a manifest; its licence stands on our card. Raises SbomUnreadable."""
    try:
        listing = manifest.parse(text.encode())
    except ValueError as odd:
        raise SbomUnreadable("a model's manifest", str(odd)) from None
    card = cards.get(listing.ref)
    licence = licences.of_name(card.licence, f"fleet/models, {listing.ref}") if card else UNKNOWN
    return _part(listing.ref, licence, listing.digest())


def shipped(text: str) -> SoftwarePart:
    """Return the model of a card beside its file. Raises SbomUnreadable."""
    try:
        card = ShippedCard.model_validate(yaml_text.load(text))
    except (YamlRefused, ValidationError) as odd:
        raise SbomUnreadable("the card of a shipped model", str(odd).splitlines()[0]) from None
    return _part(card.ref, licences.of_name(card.licence, f"the card of {card.ref}"), f"sha256:{card.sha256}")


def _part(ref: ModelRef, licence: licences.Licence, digest: str) -> SoftwarePart:
    name, _, variant = ref.rpartition(":")
    return SoftwarePart("model", name, variant, licence=licence, digest=digest)
