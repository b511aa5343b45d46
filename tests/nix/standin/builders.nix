# Builders that build: nix's sandbox holds /usr, /lib and, as /env, a virtual environment with all that we ask for.
# Every script ends with `exit 0`: a shell that execs its last command is now and then killed.
{ lib, system }:
let
  # the names of what a build asks for: looked up, so that a wrong one is an error, and not built
  names = map (package: if lib.isDerivation package then package.name else throw "an input is no package");
  inputs = [
    "nativeBuildInputs"
    "buildInputs"
  ];
in
rec {
  build =
    name: script: asked:
    derivation {
      inherit name system;
      builder = "/bin/sh";
      asked = names asked;
      args = [
        "-c"
        ''
          set -eu
          export PATH=$TMPDIR/debian:/env/bin:/usr/local/bin:/usr/bin:/usr/sbin LC_ALL=C.UTF-8
          # two programs of Debian's want files that are not here: a link by way of /etc, and /bin/bash
          mkdir $TMPDIR/debian && ln -s /usr/bin/mawk $TMPDIR/debian/awk
          printf '#!/bin/sh\nexec /bin/sh /usr/bin/ldd "$@"\n' >$TMPDIR/debian/ldd && chmod +x $TMPDIR/debian/ldd
          ${script}
          exit 0
        ''
      ];
    };

  # a package of others: its name is all that is proven
  plain =
    name:
    build name "mkdir -p $out/bin" [ ]
    // {
      pname = name;
      meta.mainProgram = name;
    };

  runCommand =
    name: arguments: script:
    let
      known = inputs ++ [ "meta" ];
      unknown = builtins.filter (key: !(builtins.elem key known)) (builtins.attrNames arguments);
    in
    if unknown != [ ] then
      throw "runCommand ${name}: ${builtins.head unknown} is no argument that the stand-in knows"
    else
      build name script (lib.concatMap (key: arguments.${key} or [ ]) inputs) // { meta = arguments.meta or { }; };

  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      meta ? { },
    }:
    build name ''
      mkdir -p $out/bin
      cat >$out/bin/${name} <<'END_OF_PROGRAM'
      #!/bin/sh
      set -o errexit -o nounset -o pipefail
      ${text}
      END_OF_PROGRAM
      chmod 0555 $out/bin/${name}
      sh -n $out/bin/${name}
    '' runtimeInputs
    // {
      meta = meta // {
        mainProgram = name;
      };
    };

  mkShell =
    {
      packages,
      shellHook ? "",
    }:
    build "shell" "printf %s ${lib.escapeShellArg shellHook} >$out; sh -n $out" packages;

  # PyPI's file by its hash; whoever builds it mounts a folder of such files as /dist
  fetchPypi =
    {
      pname,
      version,
      format ? "setuptools",
      hash ? "",
      sha256 ? hash,
      dist ? "py2.py3",
      python ? "py2.py3",
    }:
    let
      file =
        if format == "wheel" then
          "${pname}-${version}-${python}-none-any.whl"
        else if format == "setuptools" then
          "${pname}-${version}.tar.gz"
        else
          throw "fetchPypi: unsupported format ${format}";
    in
    assert dist != "";
    derivation {
      name = file;
      inherit system;
      builder = "/bin/sh";
      args = [
        "-c"
        ''
          PATH=/usr/bin
          [ -e /dist/${file} ] || { echo "/dist has no ${file}" >&2; exit 1; }
          cp /dist/${file} $out
          exit 0
        ''
      ];
      outputHash = sha256;
      outputHashAlgo = "sha256";
      outputHashMode = "flat";
    };
}
