"""Who is in the fleet, who this machine is, and who may do what.

load          `fleet/` → Fleet, eagerly, all faults at once
fleet         the loaded declarations and the questions that are asked of them
declarations  what fleet.yaml and the overlays may say; host_entry, roles, board_card, cadence, session_kinds: the rest
host_card     what a machine says of itself in /etc/sage/host.yaml
board_facts   facts measured on a machine, compared with a board's card
image         what the image around this process was made for
identity      the machine's own card, the claimed host and the measured board must agree
guard         the one door: whoever starts anything asks `guard.require` first
"""
