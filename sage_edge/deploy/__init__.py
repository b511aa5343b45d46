"""What a workstation does to other machines. The board holds no code that reaches into another one.

addresses    where a host is and by which key it is known: fleet/ssh_config and fleet/known_hosts
connection   the one door to fabric: an open connection to a host whose key was checked
farside      the few lines of shell that run on a board: what is there, keep what arrived
transfer     rsync over the same strict ssh: bytes there and back, resumable
syncing      a model from this store to a board's, or from board to board: plan, carry, prove
"""
