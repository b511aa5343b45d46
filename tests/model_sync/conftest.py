"""Two boards, as the tests of deploying have them."""

from __future__ import annotations

from tests.deploy.conftest import fleet, helper_call, identity, running_sprout, running_thor, sprout, store, thor

__all__ = ["fleet", "helper_call", "identity", "running_sprout", "running_thor", "sprout", "store", "thor"]
