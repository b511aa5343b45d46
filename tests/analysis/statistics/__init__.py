"""Tests of the statistics: against published figures, against scipy, and by what must hold for any scores."""
