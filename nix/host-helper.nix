# The helper that a workstation sends to a board: one archive for the board's own Python, the same bytes every time.
{
  runCommand,
  python3,
  sage-requirements,
  sage-source,
}:
runCommand "sage-host-helper"
  {
    nativeBuildInputs = [ (python3.withPackages (sage-requirements.libraries [ ])) ];
    meta.description = "The helper of sage-edge on a board's own system, standard library only";
  }
  ''
    export PYTHONPATH=${sage-source.program} PYTHONDONTWRITEBYTECODE=1
    mkdir -p $out
    python3 -c '
    import sys
    from pathlib import Path
    from sage_edge.remote.board.helper_zipapp import packed
    helper = packed()
    Path(sys.argv[1], f"sage-host-{helper.short}.pyz").write_bytes(helper.content)
    ' $out
    (cd $out && ln -s sage-host-*.pyz sage-host.pyz)
    # it answers without any package beside it
    python3 -I -S $out/sage-host.pyz </dev/null >answer || true
    grep -q '"helper"' answer
  ''
