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

  callPackageWith =
    scope: file: arguments:
    let
      function = import file;
      wanted = builtins.functionArgs function;
      found = builtins.intersectAttrs wanted scope;
      lacking = builtins.filter (name: !wanted.${name} && !((found // arguments) ? ${name})) (builtins.attrNames wanted);
      result = function (found // arguments);
    in
    if lacking != [ ] then
      throw "callPackage ${baseNameOf file}: nixpkgs has no '${builtins.head lacking}'"
    else if lib.isDerivation result then
      result // { override = changed: callPackageWith scope file (arguments // changed); }
    else
      result;

  python = import ./python.nix {
    inherit lib builders;
    pkgs = self;
    extensions = self.pythonPackagesExtensions;
  };
  base = programs // {
    inherit lib callPackageWith;
    inherit (builders) dockerTools fetchPypi mkShell runCommand writeShellApplication;
    glibc.bin = builders.plain "glibc";
    # the machine's own, which the sandbox mounts: nobody packs it here
    systemd = builders.plain "systemd";
    callPackage = callPackageWith self;
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
