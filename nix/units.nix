# The units of both modules, for the fleet of this repository, as systemd itself reads them: it may not say a word.
{
  lib,
  runCommand,
  stdenv,
  systemd,
  modules,
  nixosSystem,
}:
let
  board =
    role: host:
    nixosSystem {
      inherit (stdenv.hostPlatform) system;
      modules = [
        modules.${role}
        {
          services.sage-edge.${role} = {
            enable = true;
            inherit host;
            fleet = ../fleet;
            exchangeKey = "/var/lib/secrets/exchange";
          };
          system.stateVersion = "26.05";
        }
      ];
    };
  boards = {
    practitioner = board "practitioner" "sprout";
    researcher = board "researcher" "thor";
  };
  unitsOf =
    role:
    lib.genAttrs [
      "sage-${role}.service"
      "sage-${role}.timer"
    ] (name: boards.${role}.config.systemd.units.${name}.text);
  units = unitsOf "practitioner" // unitsOf "researcher";
  cards = lib.mapAttrs (_: board: board.config.environment.etc."sage/host.yaml".text) boards;
  write = name: "printf %s ${lib.escapeShellArg units.${name}} >units/${name}";
in
runCommand "sage-check-units" { nativeBuildInputs = [ systemd ]; } ''
  mkdir units
  ${lib.concatMapStringsSep "\n" write (builtins.attrNames units)}
  export SYSTEMD_UNIT_PATH=$PWD/units:${systemd}/example/systemd/system:
  # a system's manager wants /run, which not every sandbox lets a build make; a user's reads the same keys
  export XDG_RUNTIME_DIR=$PWD SYSTEMD_ENVIRONMENT_GENERATOR_PATH=
  manager=--system
  mkdir -p /run/systemd 2>/dev/null || manager=--user
  systemd-analyze $manager verify --recursive-errors=no units/*.service units/*.timer 2>said || cat said
  if [ -s said ]; then
    cat said >&2
    exit 1
  fi
  systemd-analyze security --no-pager --offline=true --threshold=25 units/*.service >exposure || {
    grep -e '✗' -e 'exposure level' exposure >&2
    exit 1
  }
  echo "exposure (at most 2.5):" $(sed -n 's/.*exposure level for \([^:]*\): \([0-9.]*\) .*/\1 \2/p' exposure)
  touch $out
''
// {
  # for whoever looks at them without building anything
  inherit cards units;
}
