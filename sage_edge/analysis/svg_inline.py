"""An SVG file of matplotlib → one element inside a page: ids of its own, the page's font, colours it may change."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

_HEAD = re.compile(r"^.*?<svg [^>]*?viewBox=\"([^\"]*)\"[^>]*>", re.DOTALL)
_SHEET = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_LINK = re.compile(r'(url\(|href=")#([^")]*)')
_ID = re.compile(r' id="([^"]*)"')
_FAMILY = re.compile(r" font-family: [^;\"]*;?")
_TURNED = re.compile(r' transform="rotate\(-0 [^"]*\)"')
_POINT = re.compile(r"(\d+\.\d{2})\d+")
_MARKERS = re.compile(
    r'<g( clip-path="[^"]*")?>\s*((?:<use [^>]*? style="([^"]*)"/>\s*)(?:<use [^>]*? style="\3"/>\s*)*)</g>'
)
_USED = re.compile(r' style="[^"]*"/>')


def inlined(text: str, key: str, alt: str, variables: Mapping[str, str]) -> str:
    """Return a whole SVG file as an element of a page, half as large; what it says between its tags stays as it is.

    key: begins all its ids. alt: what it shows, for those who do not see it. variables: colour → the page's variable.
    """
    box, body = _HEAD.match(text), _SHEET.sub("", _HEAD.sub("", text))
    used = {link[2] for tag in _TAG.findall(body) for link in _LINK.finditer(tag)}

    def changed(tag: re.Match[str]) -> str:
        renamed = _ID.sub(lambda match: f' id="{key}-{match[1]}"' if match[1] in used else "", tag[0])
        renamed = _LINK.sub(rf"\1#{key}-\2", renamed)
        renamed = _POINT.sub(r"\1", _TURNED.sub("", _FAMILY.sub("", renamed)))
        for colour, name in variables.items():
            renamed = renamed.replace(colour, f"var(--{name}, {colour})")
        return renamed

    body = _MARKERS.sub(lambda match: f'<g{match[1] or ""} style="{match[3]}">{_USED.sub("/>", match[2])}</g>', body)
    lines = re.sub(r"\s*\n\s*", "\n", _TAG.sub(changed, body)).strip()
    return f'<svg viewBox="{box[1] if box else ""}" role="img" aria-label="{html.escape(alt)}">\n{lines}'
