# The program: our own wheel out of the filtered source, with the packages of some extras beside it.
{
  lib,
  python3Packages,
  git,
  openssh,
  sage-requirements,
  sage-source,
  extras ? [
    "practitioner"
    "analysis"
  ],
}:
python3Packages.buildPythonApplication {
  pname = sage-requirements.project.name;
  inherit (sage-requirements.project) version;
  pyproject = true;
  src = sage-source.program;
  build-system = sage-requirements.buildSystem python3Packages;
  dependencies = sage-requirements.libraries extras python3Packages;
  # papers travel with git over ssh
  makeWrapperArgs = [
    "--prefix"
    "PATH"
    ":"
    (lib.makeBinPath [
      git
      openssh
    ])
  ];
  doCheck = false; # checks.pytest runs them, with all that they need
  pythonImportsCheck = [
    "sage_edge"
    "sage_edge.agent.loop"
    "sage_edge.cli"
    "sage_edge.exchange"
    "sage_edge.host"
    "sage_edge.inventory.load"
  ];
  meta = {
    inherit (sage-requirements.project) description;
    license = lib.licenses.asl20;
    mainProgram = "sage-edge";
    platforms = lib.platforms.linux;
  };
}
