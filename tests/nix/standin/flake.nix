{
  description = "A stand-in for nixpkgs: what flake.nix asks of it and nothing else, so that a wrong name is an error";

  outputs =
    { self }:
    let
      lib = import ./lib.nix;
    in
    {
      lib = lib // {
        nixosSystem = import ./nixos.nix { inherit self lib; };
      };
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
        system: import ./packages.nix { inherit lib system; }
      );
    };
}
