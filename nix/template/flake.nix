{
  description = "Two boards that raise and study a small language model, and where they meet";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    # where your sage-edge lies: any address that git can fetch from
    sage-edge.url = "git+ssh://git@exchange.example.internal/srv/git/sage-edge.git";
    sage-edge.inputs.nixpkgs.follows = "nixpkgs";
    jetpack-nixos.url = "github:anduril/jetpack-nixos";
    jetpack-nixos.inputs.nixpkgs.follows = "nixpkgs";
  };

  outputs =
    {
      nixpkgs,
      sage-edge,
      jetpack-nixos,
      ...
    }:
    let
      pkgs = nixpkgs.legacyPackages.aarch64-linux.extend sage-edge.overlays.default;

      # what ./fleet does not declare is as sage-edge has it: boards, roles, curriculum, models
      fleet = pkgs.sage-fleet ./fleet;

      board =
        {
          role,
          host,
          som,
          majorVersion,
        }:
        nixpkgs.lib.nixosSystem {
          system = "aarch64-linux";
          modules = [
            jetpack-nixos.nixosModules.default
            sage-edge.nixosModules.${role}
            (
              { pkgs, ... }:
              {
              hardware.nvidia-jetpack = {
                enable = true;
                carrierBoard = "devkit";
                inherit majorVersion som;
              };
              nixpkgs.config = {
                allowUnfree = true;
                cudaSupport = true;
              };
              networking.hostName = host;
              services.sage-edge.${role} = {
                enable = true;
                declared = ./fleet/fleet.yaml;
                exchangeKey = "/var/lib/secrets/exchange"; # ssh-keygen -t ed25519 on the board; its hub knows the .pub
                l4t = pkgs.nvidia-jetpack.l4tMajorMinorPatchVersion;
                inherit fleet host;
              };
              system.stateVersion = "26.05";
              }
            )
            # ./hardware/${host}.nix: its file systems, as nixos-generate-config writes them
          ];
        };
    in
    {
      packages.aarch64-linux.fleet = fleet;
      nixosConfigurations = {
        sprout = board {
          role = "practitioner";
          host = "sprout";
          som = "orin-nano";
          majorVersion = "6";
        };
        thor = board {
          role = "researcher";
          host = "thor";
          som = "thor-agx";
          majorVersion = "7";
        };
      };
    };
}
