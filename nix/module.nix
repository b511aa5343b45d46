# A board that runs the agent without a container, as under jetpack-nixos: services.sage-edge.ROLE.
#
# The agent wakes once whenever the timer says so, which says what the fleet declares. The key to the exchange is a
# credential: systemd hands it to this service alone, and git's ssh reads it there.
{
  self,
  role,
  revision,
  committed,
}:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.sage-edge.${role};
  sage-declared = import ./declared.nix { };
  cadence = import ./cadence.nix {
    inherit lib sage-declared;
    file = cfg.declared;
  };
  extras = {
    practitioner = [ "practitioner" ];
    researcher = [
      "researcher"
      "analysis"
    ];
  };
  calendars = {
    practitioner = [
      cadence.slots
      cadence.looks
    ];
    researcher = [ cadence.looks ];
  };
  state = "/var/lib/sage";

  # in the words of the board's own file: 36.4.4 → R36, REVISION: 4.4
  release =
    version:
    let
      parts = builtins.match "([0-9]+)[.](.*)" version;
    in
    if parts == null then
      throw "services.sage-edge.${role}.l4t: expected a release like 36.4.4, got '${version}'"
    else
      "# R${builtins.elemAt parts 0} (release), REVISION: ${builtins.elemAt parts 1}, EABI: aarch64\n";
in
{
  options.services.sage-edge.${role} = import ./module-options.nix {
    inherit lib role cfg;
    program = (pkgs.extend self.overlays.default).sage-edge.override { extras = extras.${role}; };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !(lib.hasPrefix builtins.storeDir cfg.exchangeKey);
        message = "services.sage-edge.${role}.exchangeKey lies in the store, where everybody can read it";
      }
    ];

    users.users.sage = {
      isSystemUser = true;
      uid = 10001; # as in our images, so that a board's folders fit both
      group = "sage";
    };
    users.groups.sage.gid = 10001;

    environment.etc."sage/host.yaml".text = ''
      # Who this board is. Written by its NixOS configuration.
      format: 1
      host: ${cfg.host}
      fleet: ${sage-declared.value cfg.declared "name"}
    '';

    environment.etc."nv_tegra_release" = lib.mkIf (cfg.l4t != null) {
      text = release cfg.l4t;
    };

    systemd.services."sage-${role}" = {
      description = "sage-edge: a ${role} wakes once";
      after = [ "network-online.target" ];
      wants = [ "network-online.target" ];
      environment = {
        # as a checkout says it: no deploy made this release, and a changed tree never passes for its commit
        SAGE_RELEASE = "unreleased-${cfg.package.version}+${revision}";
        SAGE_COMMITTED = committed;
        SAGE_FLEET = "${cfg.fleet}";
        SAGE_CARD = "/etc/sage/host.yaml";
        SAGE_STATE = state;
        SAGE_MODELS = cfg.models;
        HOME = state;
        XDG_CACHE_HOME = "${state}/cache";
        CUDA_CACHE_PATH = "${state}/cache/cuda";
        HF_HUB_OFFLINE = "1";
        TRANSFORMERS_OFFLINE = "1";
        PYTHONUNBUFFERED = "1";
        # %d: where systemd puts the credential
        GIT_SSH_COMMAND = builtins.concatStringsSep " " [
          "ssh -i %d/exchange-key -o IdentitiesOnly=yes"
          "-o UserKnownHostsFile=${cfg.fleet}/known_hosts -o StrictHostKeyChecking=yes -o BatchMode=yes"
        ];
      };
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${lib.getExe cfg.package} agent once";
        User = "sage";
        Group = "sage";
        StateDirectory = "sage";
        StateDirectoryMode = "0750";
        LoadCredential = "exchange-key:${cfg.exchangeKey}";
        TimeoutStartSec = "infinity"; # a wake may conduct a session
        TimeoutStopSec = 150; # a stop is heard at the next token
        UMask = "0027";
      }
      // import ./hardening.nix
      // lib.optionalAttrs cfg.gpu {
        SupplementaryGroups = [
          "video"
          "render"
        ];
      }
      // lib.optionalAttrs (!cfg.gpu) { PrivateDevices = true; };
    };

    systemd.timers."sage-${role}" = {
      description = "sage-edge: when a ${role} wakes";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = calendars.${role};
        AccuracySec = "1s";
        Persistent = true; # a slot that passed while the board was off is caught up once, and marked late
      };
    };
  };
}
