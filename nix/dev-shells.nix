# Two shells: to work on the code, and to direct a fleet from a workstation.
{
  python3,
  mkShell,
  docker-client,
  docker-compose,
  git,
  openssh,
  rsync,
  sage-requirements,
}:
let
  shell =
    extras: programs:
    mkShell {
      packages = [ (python3.withPackages (sage-requirements.libraries extras)) ] ++ programs;
      # `invoke` and `sage-edge` are this checkout's own
      shellHook = ''
        export PYTHONPATH="$PWD''${PYTHONPATH:+:$PYTHONPATH}"
        sage-edge() { python3 -m sage_edge "$@"; }
      '';
    };
  reaching = [
    docker-client
    docker-compose
    git
    openssh
    rsync
  ];
in
{
  default = shell [
    "practitioner"
    "fleet"
    "analysis"
    "dev"
  ] (reaching ++ sage-requirements.programs [ "dev" ]);
  fleet = shell [
    "fleet"
    "analysis"
  ] reaching;
}
