"""The demo: two hosts, a hub and half a day of their lives, by the same commands that boards run."""
