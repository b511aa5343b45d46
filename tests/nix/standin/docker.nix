# dockerTools: what an image is made of is proven, not that it can be packed.
{ lib, builders }:
let
  inherit (builders) build plain;
in
{
  caCertificates = plain "ca-certificates";
  buildImage = { name, copyToRoot }: build name "ls ${copyToRoot} >$out" [ copyToRoot ];
  streamLayeredImage =
    {
      name,
      tag,
      contents,
      config,
      fromImage ? null,
      fakeRootCommands ? "",
    }:
    let
      known = [ "Cmd" "Entrypoint" "Env" "Healthcheck" "Labels" "User" "WorkingDir" ];
      unknown = builtins.filter (key: !(builtins.elem key known)) (builtins.attrNames config);
    in
    if unknown != [ ] then
      throw "streamLayeredImage: an image's configuration has no ${builtins.head unknown}"
    else
      build (builtins.replaceStrings [ "/" ] [ "-" ] "${name}-${tag}") ''
        printf %s ${lib.escapeShellArg fakeRootCommands} | sh -n
        printf %s ${lib.escapeShellArg (builtins.toJSON config)} >$out
        ls ${toString (contents ++ lib.optional (fromImage != null) fromImage)} >/dev/null
      '' contents;
}
