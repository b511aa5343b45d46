# What mypy has to know of the Docker SDK, which nixpkgs does not have: declarations alone, nothing runs.
{
  lib,
  buildPythonPackage,
  fetchPypi,
  setuptools,
  types-requests,
  urllib3,
}:
buildPythonPackage rec {
  pname = "types-docker";
  version = "7.2.0.20261006";
  pyproject = true;
  src = fetchPypi {
    pname = "types_docker";
    inherit version;
    hash = "sha256-vS/GwwK858DK6wa25g93OAhfwV9/W+VAuRf23TOzZhk=";
  };
  build-system = [ setuptools ];
  dependencies = [
    types-requests
    urllib3
  ];
  meta = {
    description = "Types of the Docker SDK for Python";
    license = lib.licenses.asl20;
  };
}
