# What a board says of its agent: services.sage-edge.ROLE.
{
  lib,
  role,
  cfg,
  program,
}:
{
  enable = lib.mkEnableOption "the agent of a ${role}";
  host = lib.mkOption {
    type = lib.types.str;
    example = "sprout";
    description = "Who this board is: the name of a file in the fleet's hosts/.";
  };
  fleet = lib.mkOption {
    type = lib.types.path;
    example = "./fleet";
    description = "The folder of declarations, with fleet.yaml; it may be built.";
  };
  declared = lib.mkOption {
    type = lib.types.path;
    default = cfg.fleet + "/fleet.yaml";
    defaultText = "fleet.yaml of that folder";
    description = "The fleet's own fleet.yaml, which is read for name and cadence: a file that need not be built.";
  };
  exchangeKey = lib.mkOption {
    type = lib.types.str;
    example = "/var/lib/secrets/exchange";
    description = "The private key for the exchange on this board. A string: a path would be copied for all to read.";
  };
  models = lib.mkOption {
    type = lib.types.str;
    default = "/srv/sage/models";
    description = "The store of models, as `sage-edge model prepare` or `invoke sync` fills it.";
  };
  l4t = lib.mkOption {
    type = lib.types.nullOr lib.types.str;
    default = null;
    example = lib.literalExpression "pkgs.nvidia-jetpack.l4tMajorMinorPatchVersion";
    description = "The Jetson Linux that this system is made of: NixOS has no file that says it, and the agent looks.";
  };
  gpu = lib.mkOption {
    type = lib.types.bool;
    default = true;
    description = "Whether the agent sees the board's devices.";
  };
  package = lib.mkOption {
    type = lib.types.package;
    default = program;
    defaultText = "sage-edge of this flake, of this board's own nixpkgs";
    description = "The program.";
  };
}
