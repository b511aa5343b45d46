"""Declarations: files of YAML that people write, read strictly.

reader      a declaration's model, and whoever reads files into such models and collects every fault
yaml_text   YAML 1.2 from a text and to one
yaml_words  what a word without quotes means
"""

from sage_edge.declared.reader import Declared, Reader

__all__ = ["Declared", "Reader"]
