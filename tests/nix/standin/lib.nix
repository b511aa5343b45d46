# The part of nixpkgs' lib that our files use, by its documented meaning. What is not here is not there.
let
  inherit (builtins)
    attrNames
    concatStringsSep
    elemAt
    filter
    fromJSON
    listToAttrs
    map
    replaceStrings
    stringLength
    substring
    ;
  upper = [ "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z" ];
  lower = [ "a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r" "s" "t" "u" "v" "w" "x" "y" "z" ];
in
rec {
  inherit (builtins) concatMap elem mapAttrs;
  inherit (builtins) foldl';
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  nameValuePair = name: value: { inherit name value; };
  mapAttrs' = f: set: listToAttrs (map (name: f name set.${name}) (attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  filterAttrs =
    keep: set: builtins.removeAttrs set (filter (name: !(keep name set.${name})) (attrNames set));
  optional = condition: value: if condition then [ value ] else [ ];
  optionalAttrs = condition: set: if condition then set else { };
  optionalString = condition: text: if condition then text else "";
  concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
  unique = builtins.foldl' (seen: value: if builtins.elem value seen then seen else seen ++ [ value ]) [ ];
  mod = a: b: a - b * (a / b);
  toLower = replaceStrings upper lower;
  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  escapeShellArg = text: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";
  toInt =
    text:
    let
      digits = builtins.match "0*([0-9]+)" text;
    in
    if digits == null then throw "toInt: '${text}' is no whole number" else fromJSON (elemAt digits 0);
  importTOML = path: builtins.fromTOML (builtins.readFile path);
  makeBinPath = concatMapStringsSep ":" (package: "${package}/bin");
  getExe =
    package:
    "${package}/bin/${
      package.meta.mainProgram or (throw "getExe: ${package.name} declares no meta.mainProgram")
    }";
  isDerivation = value: (value.type or "") == "derivation";

  licenses = {
    asl20.spdxId = "Apache-2.0";
    gpl2Plus.spdxId = "GPL-2.0-or-later";
  };
  platforms.linux = [
    "x86_64-linux"
    "aarch64-linux"
  ];

  fileset = import ./fileset.nix;

  # of the module system: what a declaration of options is made of (nixos.nix reads it)
  mkOption = option: option // { _type = "option"; };
  mkEnableOption =
    what:
    mkOption {
      type = types.bool;
      default = false;
      description = "Whether to enable ${what}.";
    };
  literalExpression = text: { inherit text; };
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  types = {
    str = {
      name = "string";
      check = builtins.isString;
    };
    bool = {
      name = "boolean";
      check = builtins.isBool;
    };
    path = {
      name = "path";
      check = value: builtins.isPath value || (value ? outPath) || hasPrefix "/" (toString value);
    };
    nullOr = type: {
      name = "null or ${type.name}";
      check = value: value == null || type.check value;
    };
    package = {
      name = "package";
      check = isDerivation;
    };
  };
}
