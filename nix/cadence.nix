# A fleet's own cadence as calendars of systemd's: slots, when its sessions are due, and looks, in between.
#
# Due moments count from 1970-01-01 UTC (sage_edge/inventory/cadence.py), so what divides a day is the same every day.
# The agent waits out the declared jitter itself, and a look after it serves the slot: slots alone are not enough.
{
  lib,
  sage-declared,
  file,
}:
let
  day = 86400;

  seconds =
    what: text:
    let
      parts = builtins.match "(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?" text;
      part =
        index: factor:
        let
          digits = builtins.elemAt parts index;
        in
        if digits == null then 0 else lib.toInt digits * factor;
    in
    if parts == null || text == "" then
      throw "fleet.yaml: ${what}: expected a duration like 6h, got '${text}'"
    else
      part 1 day + part 3 3600 + part 5 60 + part 7 1;

  kinds = builtins.filter (match: match != null) (
    map (builtins.match "  ([a-z-]+): *[{]every: *([0-9a-z]+), *offset: *([0-9a-z]+)[}] *(#.*)?") (
      sage-declared.lines file
    )
  );
  moments = lib.concatMap (
    kind:
    let
      name = builtins.elemAt kind 0;
    in
    [
      (seconds "cadence.${name}.every" (builtins.elemAt kind 1))
      (seconds "cadence.${name}.offset" (builtins.elemAt kind 2))
    ]
  ) kinds;

  gcd = a: b: if b == 0 then a else gcd b (lib.mod a b);
  isMultiple = whole: part: lib.mod whole part == 0;

  every =
    what: step:
    if step == 0 || !(isMultiple day step) then
      throw "fleet.yaml: ${what}: ${toString step} s do not divide a day, so no timer can say them"
    else if isMultiple step 3600 then
      "*-*-* 00/${toString (step / 3600)}:00:00 UTC"
    else if isMultiple step 60 && isMultiple 3600 step then
      "*-*-* *:00/${toString (step / 60)}:00 UTC"
    else if isMultiple 60 step then
      "*-*-* *:*:00/${toString step} UTC"
    else
      throw "fleet.yaml: ${what}: ${toString step} s are no hours, no minutes that divide one, nor seconds that do";
in
{
  slots =
    if kinds == [ ] then
      throw "fleet.yaml has no line `  KIND: {every: …, offset: …}` that nix/cadence.nix can read"
    else
      every "cadence" (lib.foldl' gcd 0 moments);
  looks = every "wake_every" (seconds "wake_every" (sage-declared.value file "wake_every"));
}
