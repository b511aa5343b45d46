"""What must be true of a board, by subject; `verify.board_checks` is the whole table.

facts      the questions that several subjects ask, where one probe answers them, and remedies that they share
places     who is there, who owns what with which rights, what files hold, what starts at boot
engine     Docker, Compose, the runtime
release    what should serve is whole, and is what runs: its files, its container, its image
models     the models that the release needs, in the image and in the store
gateway    what it serves to others: the gateway's container, and one token drawn through it
state      the agent's heartbeat and last wake, the clock, room on disks and in memory, the exchange
"""
