"""The in-container loop: wake → identify → pull → choose → act → record → publish."""
