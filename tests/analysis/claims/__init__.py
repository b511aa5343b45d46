"""Tests of the claims: on scores made for the purpose, and on the older system's own sessions where they are here."""
