{
  description = "Two edge boards raise and study a small language model; they meet only in git";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;

      # the commit as the Dockerfiles' labels say it; a changed tree never passes for its commit
      revision =
        if self ? rev then
          builtins.substring 0 12 self.rev
        else if self ? dirtyRev then
          "${builtins.substring 0 12 self.dirtyRev}-dirty"
        else
          "unknown";
      # a clock before it is wrong
      committed = toString (self.lastModified or "");

      forEach =
        outputs:
        lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
          system: outputs (nixpkgs.legacyPackages.${system}.extend self.overlays.default)
        );

      modules = {
        practitioner = import ./nix/module.nix {
          inherit self revision committed;
          role = "practitioner";
        };
        researcher = import ./nix/module.nix {
          inherit self revision committed;
          role = "researcher";
        };
      };
    in
    {
      overlays.default = import ./nix/overlay.nix;

      packages = forEach (pkgs: {
        default = pkgs.sage-edge;
        inherit (pkgs) sage-edge;
        host-helper = pkgs.callPackage ./nix/host-helper.nix { };
        image-practitioner-cpu = pkgs.callPackage ./nix/image.nix {
          inherit revision committed;
          name = "sprout";
        };
        image-researcher-cpu = pkgs.callPackage ./nix/image.nix {
          inherit revision committed;
          name = "thor";
        };
      });

      apps = forEach (pkgs: {
        default = {
          type = "app";
          program = lib.getExe pkgs.sage-edge;
          meta.description = "sage-edge, the command of boards and people";
        };
        demo = {
          type = "app";
          program = lib.getExe (pkgs.callPackage ./nix/demo.nix { });
          meta.description = "Raise a small mind and let a second host study it, in this folder";
        };
      });

      devShells = forEach (pkgs: pkgs.callPackages ./nix/dev-shells.nix { });

      checks = forEach (
        pkgs:
        pkgs.callPackages ./nix/checks.nix {
          inherit modules;
          inherit (nixpkgs.lib) nixosSystem;
          packages = self.packages.${pkgs.stdenv.hostPlatform.system};
        }
      );

      formatter = forEach (pkgs: pkgs.nixfmt-tree);

      nixosModules = modules;

      templates.default = {
        path = ./nix/template;
        description = "A fleet of your own: two boards and an exchange";
      };
    };
}
