# lib.fileset: a set of files is a list of paths; each must be there, and a folder stands for all that is in it.
let
  isBelow = folder: path: folder == path || builtins.substring 0 (builtins.stringLength folder + 1) path == "${folder}/";
  pathsOf =
    set:
    if set ? paths then
      set.paths
    else if !(builtins.isPath set) then
      throw "lib.fileset: expected a path or a file set, got a ${builtins.typeOf set}"
    else if !(builtins.pathExists set) then
      throw "lib.fileset: ${toString set} does not exist"
    else
      [ (toString set) ];
in
{
  unions = sets: { paths = builtins.concatLists (map pathsOf sets); };
  toSource =
    { root, fileset }:
    let
      paths = pathsOf fileset;
      outside = builtins.filter (path: !(isBelow (toString root) path)) paths;
    in
    if outside != [ ] then
      throw "lib.fileset.toSource: ${builtins.head outside} is outside of ${toString root}"
    else
      {
        # what nixpkgs gives is a source with an outPath, and so is this
        outPath = builtins.path {
          path = root;
          name = "source";
          filter = path: _: builtins.any (wanted: isBelow wanted path || isBelow path wanted) paths;
        };
      };
}
