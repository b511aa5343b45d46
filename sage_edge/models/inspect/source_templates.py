"""The chat template of a source folder: one text, however many files might hold it.

    chat_template.jinja                    goes first for transformers, and last for llama.cpp's converter
    tokenizer_config.json: chat_template   a text; or a list of {"name", "template"}, of which the caller picks one
    additional_chat_templates/*.jinja      never used here

So two that differ are a fault: the two programs would speak otherwise. One line end behind them is no difference, as
Jinja2 drops it; the config's then counts, which is the one that a GGUF gets. So is a list of more than one.
"""

from __future__ import annotations

from collections.abc import Mapping

from sage_edge.models.inspect.bounded import short
from sage_edge.models.inspect.folder import FolderListing
from sage_edge.models.inspect.json_limits import UntrustedJson

FILE, CONFIG, MORE = "chat_template.jinja", "tokenizer_config.json", "additional_chat_templates"
_MOST_BYTES = 1 << 20


def find(
    listing: FolderListing, config: Mapping[str, UntrustedJson]
) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """Return the template, None where there is none, why it cannot be read, and why nobody knows which one is meant.

    config: tokenizer_config.json.
    """
    in_file, unreadable = _in_file(listing)
    in_config, unclear = _in_config(config.get("chat_template"))
    several = [unclear] if unclear else []
    if in_file is not None and in_config is not None:
        if _shown(in_file) == _shown(in_config):
            return in_config, (), ()
        several.append(f"{FILE} and {CONFIG} hold two chat templates that differ: delete the one that is not meant")
    return (in_config if in_file is None else in_file), (unreadable,) if unreadable else (), tuple(several)


def _shown(template: str) -> str:
    return template.removesuffix("\n")


def others(listing: FolderListing) -> tuple[str, ...]:
    """Say which further templates are never used."""
    return (f"the templates in {MORE} would never be used",) if listing.path(MORE).is_dir() else ()


def _in_file(listing: FolderListing) -> tuple[str | None, str]:
    if FILE not in listing.sizes or FILE in listing.pointers:
        return None, ""
    if listing.sizes[FILE] > _MOST_BYTES:
        return None, f"{FILE} has more than {_MOST_BYTES} bytes"
    try:
        return listing.path(FILE).read_text("utf-8"), ""
    except UnicodeDecodeError:
        return None, f"{FILE} is no UTF-8 text"


def _in_config(written: UntrustedJson) -> tuple[str | None, str]:
    if written is None or isinstance(written, str):
        return written, ""
    entries = [entry for entry in written if isinstance(entry, dict)] if isinstance(written, list) else []
    if len(entries) == 1 and entries[0].get("name") == "default" and isinstance(entries[0].get("template"), str):
        return str(entries[0]["template"]), ""
    names = ", ".join(short(entry.get("name")) for entry in entries[:5])
    return None, f"{CONFIG} holds {len(entries)} chat templates ({names}): keep the one that is meant, as a text"
