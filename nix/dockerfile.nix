# What the Dockerfiles say of a running container, as an image's configuration says it: nothing of it is written twice.
{
  lib,
  sage-declared,
  shared,
  own,
}:
let
  word = instruction: builtins.head (sage-declared.first shared instruction "${instruction} (.*)");
  second = 1000000000; # in nanoseconds, as the configuration counts
  number = text: lib.toInt text * second;
  health = sage-declared.first own "HEALTHCHECK" (
    "HEALTHCHECK --interval=([0-9]+)s --timeout=([0-9]+)s --start-period=([0-9]+)s --retries=([0-9]+) CMD (.*)"
  );
  variables = builtins.filter (match: match != null) (
    map (builtins.match "(ENV|   ) ([A-Z_]+=[^ \"]+)( \\\\)?") (sage-declared.lines shared)
  );
in
{
  Entrypoint = builtins.fromJSON (word "ENTRYPOINT");
  Cmd = builtins.fromJSON (word "CMD");
  User = word "USER";
  WorkingDir = word "WORKDIR";
  Env = map (match: builtins.elemAt match 1) variables;
  Healthcheck = {
    Test = [ "CMD" ] ++ builtins.fromJSON (builtins.elemAt health 4);
    Interval = number (builtins.elemAt health 0);
    Timeout = number (builtins.elemAt health 1);
    StartPeriod = number (builtins.elemAt health 2);
    Retries = lib.toInt (builtins.elemAt health 3);
  };
}
