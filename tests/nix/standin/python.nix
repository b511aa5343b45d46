# python3Packages: a closed list of names, and builders that make a wheel of our sources for real.
{
  lib,
  builders,
  pkgs,
  extensions,
}:
let
  names = import ./names.nix;
  inherit (builders) build fetchPypi plain;

  package =
    isProgram:
    {
      pname,
      version,
      src,
      pyproject,
      build-system,
      dependencies ? [ ],
      nativeBuildInputs ? [ ],
      pythonImportsCheck ? [ ],
      makeWrapperArgs ? [ ],
      dontUseCmakeConfigure ? false,
      doCheck ? true,
      env ? { },
      meta,
    }:
    assert pyproject && builtins.isBool dontUseCmakeConfigure && builtins.isBool doCheck;
    assert builtins.all builtins.isString makeWrapperArgs;
    build "${pname}-${version}" ''
      cp -r ${src} source
      chmod -R u+w source
      export HOME=$TMPDIR ${lib.concatMapStringsSep " " (key: "${key}=${env.${key}}") (builtins.attrNames env)}
      mkdir -p $out/bin $out/site
      python3 -m pip wheel -q --no-deps --no-index --no-build-isolation --disable-pip-version-check -w wheel ./source
      python3 -m pip install -q --no-deps --no-index --no-compile --disable-pip-version-check --target $out/site wheel/*.whl
      cd $out/site
      for module in ${toString pythonImportsCheck}; do
        PYTHONPATH=$out/site python3 -c "import sys; module = __import__('$module'); sys.exit('$out' not in module.__file__)"
      done
      for program in $out/site/bin/*; do
        [ -e "$program" ] || continue
        printf '#!/bin/sh\nPYTHONPATH=%s exec /env/bin/python3 %s "$@"\n' $out/site "$program" >$out/bin/''${program##*/}
        chmod 0555 $out/bin/''${program##*/}
      done
    '' (build-system ++ dependencies ++ nativeBuildInputs)
    // {
      inherit
        pname
        version
        src
        meta
        isProgram
        ;
    };

  set = lib.genAttrs names plain // {
    buildPythonPackage = package false;
    buildPythonApplication = package true;
    tree-sitter-grammars = lib.genAttrs [ "tree-sitter-nix" ] plain;
    toPythonModule = program: program // { isProgram = false; };
    inherit fetchPypi;
    callPackage = pkgs.callPackageWith (pkgs // self);
  };
  self = builtins.foldl' (done: extension: done // extension self done) set extensions;
in
{
  packages = self;
  interpreter = plain "python3" // {
    withPackages =
      choose:
      let
        chosen = choose self;
        programs = builtins.filter (one: one.isProgram or false) chosen;
      in
      if programs != [ ] then
        throw "withPackages: ${(builtins.head programs).name} is a program and no module"
      else
        build "python3-env" "mkdir -p $out/bin; ln -s /env/bin/python3 $out/bin/python3" chosen;
  };
}
