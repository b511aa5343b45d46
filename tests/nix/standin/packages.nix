# legacyPackages.<system>: a closed list of names, callPackage, override and overlays.
{
  lib,
  system,
  overlays ? [ ],
}:
let
  builders = import ./builders.nix { inherit lib system; };
  programs = lib.genAttrs [
    "cmake"
    "deptry"
    "docker-client"
    "docker-compose"
    "git"
    "hadolint"
    "ninja"
    "nixfmt-tree"
    "openssh"
    "rsync"
    "tini"
  ] builders.plain;

  argumentsFor =
    scope: function: given:
    let
      wanted = builtins.functionArgs function;
      found = builtins.intersectAttrs wanted scope // given;
      lacking = builtins.filter (name: !wanted.${name} && !(found ? ${name})) (builtins.attrNames wanted);
    in
    if lacking != [ ] then throw "callPackage: nixpkgs has no '${builtins.head lacking}'" else found;

  # whatever set comes back can be overridden, also one of several packages: then that is an attribute beside them
  callPackageWith =
    scope: file: given:
    let
      function = import file;
      result = function (argumentsFor scope function given);
    in
    if builtins.isAttrs result then
      result
      // {
        override = changed: callPackageWith scope file (given // changed);
        overrideDerivation = _: throw "overrideDerivation: nobody asks for it here";
      }
    else
      result;

  # for a set of packages: each can be overridden, the set has nothing but them
  callPackagesWith =
    scope: file: given:
    let
      function = import file;
    in
    lib.mapAttrs (
      name: package:
      if lib.isDerivation package then
        package // { override = changed: (callPackagesWith scope file (given // changed)).${name}; }
      else
        throw "callPackages ${baseNameOf file}: ${name} is no package"
    ) (function (argumentsFor scope function given));

  python = import ./python.nix {
    inherit lib builders;
    pkgs = self;
    extensions = self.pythonPackagesExtensions;
  };
  base = programs // {
    inherit lib callPackageWith;
    inherit (builders) fetchPypi mkShell runCommand writeShellApplication;
    dockerTools = import ./docker.nix { inherit lib builders; };
    glibc.bin = builders.plain "glibc";
    # the machine's own, which the sandbox mounts: nobody packs it here
    systemd = builders.plain "systemd";
    callPackage = callPackageWith self;
    callPackages = callPackagesWith self;
    stdenv.hostPlatform.system = system;
    python3 = python.interpreter;
    python3Packages = python.packages;
    pythonPackagesExtensions = [ ];
    extend =
      overlay:
      import ./packages.nix {
        inherit lib system;
        overlays = overlays ++ [ overlay ];
      };
  };
  self = builtins.foldl' (done: overlay: done // overlay self done) base overlays;
in
self
