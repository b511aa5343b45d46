"""What must be true of a host, held against what is: one framework of checks for doctor, verify and testinfra.

check           fact, wants, check, case, result: the framework, and the loop that examines a subject
wants           what can be wanted of one fact of a board: equal, among, at least, …

board_checks    the table of a board, seen from a workstation: `invoke verify`, by one probe or by testinfra
board/          that table by subject: places, engine, release, models, state
board_target    such a board: declarations, provisioning and release, and its helper's probe
provisioned     what provisioning leaves on it, as things that are wanted

machine_checks  the table of this machine, seen from within: `sage-edge doctor`
this_machine    this machine: paths, measured facts, declarations
machine_judges  facts of this machine → judgements; pure, nothing is measured there
libraries       whether the loader finds all shared libraries of a package; the first missing one and who needs it
probes          children that run a kernel, draw a token, ask the exchange: facts, no opinions
machine         memory, disk and clock: facts, no opinions

references      whether what one declaration names, another one declares
"""
