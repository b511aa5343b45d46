"""How fast a model answers here, and how that grows with its size: measured, and held against what memory allows.

token_clock.py     the moments of one reply's tokens, heard through the deadline that every engine asks
speech.py          an engine at work: first token by length of prompt, cold and warm, then token by token
bandwidth.py       how fast this machine reads its memory, in the same run
roofline.py        the share of that which drawing tokens reached; more than all of it is no measurement
contention.py      how much of the processors somebody else had meanwhile
machine_state.py   power mode, clock and temperatures as the run began and ended
quantiles.py       p50, p95, p99 with their n
seed_series.py     what the seeds published of three sizes, and what counting by words makes of it
model_shapes.py    the exact shapes of the sizes that the seeds name
random_weights.py  a model of such a shape with random weights: speed does not depend on values
run.py             all of it about one model
series.py          one model after another, by size
"""
