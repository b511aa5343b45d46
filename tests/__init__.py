"""A package, so that `from tests.builders import …` can only mean this folder."""
