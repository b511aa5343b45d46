{
  description = "A stand-in for jetpack-nixos: the options that the template sets, with the values that it knows";

  outputs =
    _:
    {
      nixosModules.default =
        { config, lib, ... }:
        let
          one =
            known:
            lib.mkOption {
              type = {
                name = "one of ${toString known}";
                check = value: builtins.elem value known;
              };
            };
        in
        {
          options.hardware.nvidia-jetpack = {
            enable = lib.mkEnableOption "Jetson";
            som = one [
              "orin-agx"
              "orin-nano"
              "orin-nx"
              "thor-agx"
              "xavier-agx"
              "xavier-nx"
            ];
            carrierBoard = one [ "devkit" ];
            majorVersion = one [
              "5"
              "6"
              "7"
            ];
          };
          config.nixpkgs.overlays = [
            (_: _: {
              nvidia-jetpack.l4tMajorMinorPatchVersion =
                {
                  "5" = "35.6.1";
                  "6" = "36.4.4";
                  "7" = "38.2.1";
                }
                .${config.hardware.nvidia-jetpack.majorVersion};
            })
          ];
        };
    };
}
