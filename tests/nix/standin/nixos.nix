# nixosSystem: options with their types, a closed list of what a configuration may set, and units as systemd's text.
{ self, lib }:
{ system, modules }:
let
  arguments = {
    inherit config lib;
    pkgs = builtins.foldl' (
      pkgs: overlay: pkgs.extend overlay
    ) self.legacyPackages.${system} (whole.nixpkgs.overlays or [ ]);
  };
  read = map (module: if builtins.isFunction module then module arguments else module) modules;
  declaring = builtins.filter (module: module ? options) read;
  setting = map (module: module.config or (builtins.removeAttrs module [ "options" ])) read;

  # content of a module whose condition holds, and of options in it
  isIf = part: (part._type or "") == "if";
  settled = part: if isIf part then (if part.condition then part.content else { }) else part;
  set = values: lib.mapAttrs (_: settled) (lib.filterAttrs (_: value: !(isIf value) || value.condition) values);
  merge =
    a: b:
    if builtins.isAttrs a && builtins.isAttrs b && !(lib.isDerivation a) && !(a ? _type) then
      a // lib.mapAttrs (name: value: if a ? ${name} then merge a.${name} value else value) b
    else
      throw "the same option is set twice";
  options = builtins.foldl' merge { } (map (module: module.options) declaring);

  # a value for each declared option, checked; whatever is set beside them is a mistake
  fill =
    place: declared: given:
    let
      unknown = builtins.filter (name: !(declared ? ${name})) (builtins.attrNames given);
      one =
        name: option:
        if (option._type or "") != "option" then
          fill "${place}${name}." option (given.${name} or { })
        else
          let
            value = given.${name} or option.default or (throw "the option ${place}${name} has no value");
          in
          if option.type.check value then value else throw "the option ${place}${name} is no ${option.type.name}";
    in
    if unknown != [ ] then
      throw "there is no option ${place}${builtins.head unknown}"
    else
      lib.mapAttrs one declared;

  # the options of others that a configuration sets
  known = [ "assertions" "environment" "networking" "nixpkgs" "system" "systemd" "users" ];
  ours = builtins.attrNames options;
  plainly = builtins.filter (part: !(isIf part)) setting;
  given = builtins.foldl' merge { } (map (part: builtins.intersectAttrs options part) plainly);
  filled = fill "" options given;
  whole = builtins.foldl' merge { } (map (part: builtins.removeAttrs (settled part) ours) setting);
  unknown = builtins.filter (name: !(builtins.elem name known)) (builtins.attrNames whole);
  broken = builtins.filter (assertion: !assertion.assertion) (whole.assertions or [ ]);

  checked =
    if unknown != [ ] then
      throw "there is no option ${builtins.head unknown}"
    else if broken != [ ] then
      throw (builtins.head broken).message
    else
      whole;

  # one by one: asking for a service's own options must not ask for what follows from them
  config = filled // {
    inherit (checked) users;
    environment.etc = set checked.environment.etc;
    systemd = checked.systemd // {
      units = import ./units.nix { inherit lib; } checked.systemd;
    };
  };
in
{
  inherit config;
}
