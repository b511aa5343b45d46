"""Stand-in boards: containers that behave like Sprout and Thor, and a hub between them, for whoever owns no Jetson.

A stand-in has systemd, sshd and a Docker engine of its own, and files that say what a Jetson would say of itself. What
it has not: a GPU, its drivers, NVIDIA's runtime, a kernel of its own.

    FOLDER/id_ed25519, .pub   the workstation's key pair, made by `up`; the private half is readable by its owner alone
    FOLDER/ssh_config         where the machines are: ports on 127.0.0.1
    FOLDER/known_hosts        their keys, read inside the containers
    FOLDER/sim.json           format 1: what runs; written last

    on each board             /etc/sage/facts-root names /opt/sim/facts, whose files are what facts.yaml holds
    on the hub                /srv/git/exchange.git, with the doorkeeper of sage_edge.exchange.hub
"""

from sage_edge.sim.lifecycle import admit, dismiss, down, hosts, renew, status, up
from sage_edge.sim.place import Machine, SimPlace

__all__ = ["Machine", "SimPlace", "admit", "dismiss", "down", "hosts", "renew", "status", "up"]
