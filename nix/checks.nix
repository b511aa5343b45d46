# What must hold of the filtered source and of what is built from it.
{
  lib,
  runCommand,
  callPackage,
  python3,
  docker-client,
  git,
  glibc,
  openssh,
  rsync,
  sage-fleet,
  sage-requirements,
  sage-source,
  modules,
  nixosSystem,
  packages,
}:
let
  environment = [
    (python3.withPackages (
      sage-requirements.libraries [
        "practitioner"
        "fleet"
        "analysis"
        "dev"
      ]
    ))
    git
    glibc.bin # ldd
    openssh
    rsync
  ]
  ++ sage-requirements.programs [ "dev" ];

  inSource =
    name: programs: script:
    runCommand "sage-check-${name}" { nativeBuildInputs = environment ++ programs; } ''
      cp -r ${sage-source.everything} checkout
      chmod -R u+w checkout
      cd checkout
      export HOME=$TMPDIR PYTHONPATH=$PWD PYTHONDONTWRITEBYTECODE=1
      ${script}
      touch $out
    '';

  # a run that skipped all that it collected has shown nothing, so it fails
  tested =
    name: programs: words:
    inSource name programs ''
      set -o pipefail
      python3 -m pytest -q -p no:cacheprovider ${words} | tee report
      tail -n 1 report | grep -Eq '(^|[ ,])[1-9][0-9]* passed' || {
        echo "nothing was tested: no test passed, all were skipped or left out" >&2
        exit 1
      }
    '';
in
{
  ruff = inSource "ruff" [ ] ''
    ruff format --no-cache --check .
    ruff check --no-cache .
  '';
  mypy = inSource "mypy" [ ] "python3 -m mypy --no-color-output --cache-dir=$TMPDIR/mypy";
  house = tested "house" [ ] "tests/test_house.py tests/test_vocabulary.py";
  pytest = tested "pytest" [ ] "-n auto --dist loadfile -m 'not slow and not docker and not real and not full'";
  compose = tested "compose" [ docker-client ] "tests/compose -m 'not slow and not docker'";
  fleet-declarations = inSource "fleet-declarations" [ ] ''
    python3 -m sage_edge fleet check
    SAGE_FLEET=${sage-fleet ./template/fleet} python3 -m sage_edge fleet check
  '';
  # the whole program, by one who may write nowhere but where it was called
  demo = runCommand "sage-check-demo" { } ''
    mkdir caller
    cd caller
    export HOME=$PWD
    ${lib.getExe (callPackage ./demo.nix { })} --seedling
    test -s .sage/demo/summary.json
    touch $out
  '';
  units = callPackage ./units.nix { inherit modules nixosSystem; };
}
// lib.mapAttrs' (name: lib.nameValuePair "package-${name}") packages
