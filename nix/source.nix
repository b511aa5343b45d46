# What of a checkout is built: file sets, so that a folder beside it changes nothing, and one that is gone stops here.
{ lib }:
let
  # all that our wheel is made of; README.md is its description
  program = lib.fileset.unions [
    ../README.md
    ../pyproject.toml
    ../sage_edge
  ];
  everything = lib.fileset.unions [
    program
    ../.ci
    ../.gitignore
    ../CONTRIBUTING.md
    ../compose
    ../docs
    ../flake.lock
    ../flake.nix
    ../fleet
    ../images
    ../nix
    ../requirements
    ../tasks.py
    ../tests
    ../tools
  ];
  source = fileset: lib.fileset.toSource { root = ../.; inherit fileset; };
in
{
  program = source program;
  everything = source everything;
}
