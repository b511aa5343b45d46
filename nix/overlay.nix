# What this flake adds to nixpkgs: the program, the two packages of others that nixpkgs lacks, and what builds on them.
final: prev: {
  pythonPackagesExtensions = prev.pythonPackagesExtensions ++ [
    (python: _: {
      diptest = python.callPackage ./diptest.nix { };
      types-docker = python.callPackage ./types-docker.nix { };
    })
  ];
  sage-source = final.callPackage ./source.nix { };
  sage-declared = final.callPackage ./declared.nix { };
  sage-requirements = final.callPackage ./requirements.nix { };
  sage-model = final.callPackage ./model.nix { };
  sage-fleet = final.callPackage ./fleet.nix { };
  sage-edge = final.callPackage ./package.nix { };
}
