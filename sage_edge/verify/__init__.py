"""What must be true of a host, held against what is. Facts and expectations are apart, so that others can use either.

finding        what one check says: verdict, what was measured, remedy
elf            which libraries a shared library names as needed, read without loading it
libraries      whether the loader finds them all, asked in a child process; the first missing one and who needs it
probes         children that run a kernel, draw a token, ask the exchange: facts, no opinions
machine        memory, disk and clock: facts, no opinions
expectations   facts → findings; pure, nothing is measured there
doctor         all checks of this machine, each independent of the others
references     whether what one declaration names, another one declares

expect         what must be true of a host of the fleet: declarations, provisioning and its release → expectations
expect_laid    what provisioning leaves behind, as expectations
expect_wants   values that judge one fact and say what they want
expect_ruling  question + wants = expectation; expectation + what was found = ruling
"""
