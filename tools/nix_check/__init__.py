"""What can be proven about the flake on a machine that has no nix: `invoke nix.check`; never part of the wheel."""
