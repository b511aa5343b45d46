"""Who is in the fleet, who this machine is, and who may do what.

declarations  what the files below `fleet/` may say        (cadence, roles, hosts, boards: its parts)
loading       `fleet/` → Fleet, eagerly, all faults at once
fleet         the loaded declarations and the questions that are asked of them
board         facts measured on a machine, compared with a board's card
identity      the machine's own card, the claimed host and the measured board must agree
guard         the one door: whoever starts anything asks `guard.require` first
"""
