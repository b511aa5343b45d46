# systemd.units.<name>.text, as NixOS renders services and timers: sections, a line for each value of a list.
{ lib }:
systemd:
let
  line =
    key: value:
    if builtins.isList value then
      lib.concatMapStringsSep "\n" (line key) value
    else
      "${key}=${if builtins.isBool value then (if value then "true" else "false") else toString value}";
  section = name: values: "[${name}]\n${builtins.concatStringsSep "\n" (lib.mapAttrsToList line values)}\n";
  checked =
    what: known: unit:
    let
      unknown = builtins.filter (key: !(builtins.elem key known)) (builtins.attrNames unit);
    in
    if unknown != [ ] then throw "there is no option ${what}.${builtins.head unknown}" else unit;

  head = unit: {
    Description = unit.description;
    After = unit.after or [ ];
    Wants = unit.wants or [ ];
  };
  common = [ "description" "after" "wants" "wantedBy" ];
  wanted = unit: lib.optionalString (unit ? wantedBy) (section "Install" { WantedBy = unit.wantedBy; });
  variable = name: value: "Environment=${builtins.toJSON "${name}=${value}"}";
  variables = environment: builtins.concatStringsSep "\n" (lib.mapAttrsToList variable environment);

  service =
    name: asked:
    let
      unit = checked "systemd.services.${name}" (common ++ [ "environment" "serviceConfig" ]) asked;
    in
    section "Unit" (head unit) + section "Service" unit.serviceConfig + variables unit.environment + "\n" + wanted unit;
  timer =
    name: asked:
    let
      unit = checked "systemd.timers.${name}" (common ++ [ "timerConfig" ]) asked;
    in
    section "Unit" (head unit) + section "Timer" unit.timerConfig + wanted unit;
  rendered =
    kind: render: units:
    lib.mapAttrs' (name: unit: lib.nameValuePair "${name}.${kind}" { text = render name unit; }) units;
in
rendered "service" service systemd.services // rendered "timer" timer systemd.timers
