# The image of one role for a machine without a GPU: what images/NAME/Dockerfile makes with PLATFORM=cpu, out of
# nixpkgs' packages. How it starts and when it is healthy is read out of the Dockerfiles.
{
  lib,
  dockerTools,
  runCommand,
  python3,
  git,
  openssh,
  tini,
  sage-declared,
  sage-edge,
  sage-model,
  sage-requirements,
  sage-source,
  name,
  revision,
  committed,
}:
let
  card = ../images + "/${name}/image.yaml";
  onCpu =
    key:
    sage-declared.list {
      file = card;
      below = "  cpu:";
      otherwise = sage-declared.list { file = card; inherit key; };
      inherit key;
    };
  role = sage-declared.value card "role";
  models = onCpu "bake";
  bakes = lib.elem sage-model.ref models;
  extras = onCpu "extras";
  program = sage-edge.override { inherit extras; };
  python = python3.withPackages (python: [ (python.toPythonModule program) ]);

  told = import ./dockerfile.nix {
    inherit lib sage-declared;
    shared = ../images/shared/runtime.Dockerfile;
    own = ../images + "/${name}/Dockerfile";
  };

  # what images/shared/steps put beside the packages, at the same places
  files =
    runCommand "sage-image-${name}"
      { nativeBuildInputs = [ (python3.withPackages (sage-requirements.libraries [ "fleet" ])) ]; }
      ''
        mkdir -p $out/etc/sage $out/usr/bin $out/usr/local/bin $out/opt/sage/bin
        mkdir -p $out/srv/sage/state $out/srv/sage/models $out/srv/sage/fleet $out/srv/sage/exchange
        echo 'sage:x:10001:10001::/srv/sage/state:/usr/sbin/nologin' >$out/etc/passwd
        echo 'sage:x:10001:' >$out/etc/group
        ln -s ${tini}/bin/tini ${git}/bin/git ${openssh}/bin/ssh ${python}/bin/python3 $out/usr/bin
        ln -s ${python}/bin/python3 $out/opt/sage/bin/python3
        ln -s ${program}/bin/sage-edge $out/usr/local/bin/sage-edge
        install -m 0755 ${sage-source.everything}/images/${name}/smoke.py $out/usr/local/bin/sage-smoke
        install -m 0755 ${sage-source.everything}/images/shared/healthy.py $out/usr/local/bin/sage-healthy
        export HOME=$TMPDIR PYTHONPATH=${sage-source.everything} PYTHONDONTWRITEBYTECODE=1
        python3 -c '
        import sys
        from pathlib import Path
        from sage_edge.image import build_context, spec
        card = spec.read_cards(Path(sys.argv[1]))[sys.argv[2]]
        print(build_context.label(card, "cpu", card.baked("cpu")), end="")
        ' ${sage-source.everything}/images ${name} >$out/etc/sage/image.yaml
      '';

  config = told // {
    Env = told.Env ++ [
      "SAGE_COMMITTED=${committed}"
      "PATH=/usr/local/bin:/usr/bin" # a base image would say it
    ];
    Labels = {
      "sage.role" = role;
      "sage.board" = sage-declared.value card "board";
      "sage.platform" = "cpu";
      "sage.model" = if models == [ ] then "" else builtins.head models;
      "sage.model.digest" = lib.optionalString bakes sage-model.digest;
      "org.opencontainers.image.title" = "sage-edge for a ${role}";
      "org.opencontainers.image.version" = sage-requirements.project.version;
      "org.opencontainers.image.revision" = revision;
      "org.opencontainers.image.licenses" = sage-requirements.project.license;
    };
  };

  # lies below all others, so a new program does not move it
  model = dockerTools.buildImage {
    name = "sage-model";
    copyToRoot = sage-model.store;
  };
in
dockerTools.streamLayeredImage {
  name = "sage/${name}";
  tag = "cpu";
  fromImage = if bakes then model else null;
  contents = [
    dockerTools.caCertificates
    files
  ];
  fakeRootCommands = ''
    mkdir -p -m 1777 ./tmp
    chown 10001:10001 ./srv/sage/state ./srv/sage/exchange
  '';
  inherit config;
}
// {
  # for whoever compares, without building all of it
  inherit config files;
}
// lib.optionalAttrs bakes { model = sage-model.store; }
