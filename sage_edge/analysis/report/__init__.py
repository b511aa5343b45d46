"""A report on a corpus: one self-contained page and its Markdown view, made from plain values.

gathering ── Content ──► composing ── Page ──► page.html | page.markdown
"""
