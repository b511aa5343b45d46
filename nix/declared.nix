# Reads single lines of our own declarations. Nix knows no YAML, so this knows only the shape in which we write them; a
# line that is not there or is written otherwise stops the evaluation and names file and key.
{ }:
let
  lines = file: builtins.filter builtins.isString (builtins.split "\n" (builtins.readFile file));
  first =
    file: what: pattern:
    let
      matches = builtins.filter (match: match != null) (map (builtins.match pattern) (lines file));
    in
    if matches == [ ] then
      throw "${baseNameOf file} has no line that nix/declared.nix can read as ${what}"
    else
      builtins.head matches;
in
rec {
  inherit lines first;

  # `key: value` without indentation
  value = file: key: builtins.head (first file key "${key}: *\"?([^ \"#{]+)\"? *(#.*)?");

  # the names in `key: [a, b]` below a line (else anywhere), where they are written; else those of `otherwise`
  list =
    {
      file,
      key,
      below ? null,
      otherwise ? null,
    }:
    let
      after =
        seen: rest:
        if rest == [ ] then
          [ ]
        else if seen then
          rest
        else
          after (builtins.head rest == below) (builtins.tail rest);
      looked = if below == null then lines file else after false (lines file);
      inside = builtins.filter (match: match != null) (map (builtins.match " *${key}: *\\[([^]]*)].*") looked);
      names = builtins.filter builtins.isString (builtins.split ", *" (builtins.head (builtins.head inside)));
    in
    if inside != [ ] then
      builtins.filter (name: name != "") names
    else if otherwise != null then
      otherwise
    else
      throw "${baseNameOf file} has no line `${key}: […]` that nix/declared.nix can read";
}
