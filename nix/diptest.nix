# Hartigan's dip test, which nixpkgs does not have: built from its source, for any processor of its kind.
{
  lib,
  buildPythonPackage,
  fetchPypi,
  cmake,
  ninja,
  numpy,
  psutil,
  pybind11,
  scikit-build-core,
}:
buildPythonPackage rec {
  pname = "diptest";
  version = "0.12.0";
  pyproject = true;
  src = fetchPypi {
    inherit pname version;
    hash = "sha256-remYaNpgO2dFIXGO045TruLrXZv0ewOTDrFJFpy5c80=";
  };
  build-system = [
    pybind11
    scikit-build-core
  ];
  nativeBuildInputs = [
    cmake
    ninja
  ];
  dontUseCmakeConfigure = true; # scikit-build-core does that
  dependencies = [
    numpy
    psutil
  ];
  env.SKBUILD_CMAKE_ARGS = "-DDIPTEST_ENABLE_ARCH_FLAGS=OFF"; # not for the processor that happens to build
  pythonImportsCheck = [ "diptest" ];
  meta = {
    description = "Tests whether a sample has more than one mode";
    license = lib.licenses.gpl2Plus;
  };
}
