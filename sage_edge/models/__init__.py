"""From a name to verified weights, or a refusal that says what to do.

cards       what `fleet/models/` declares: source, base, adapter, steps, licence, memory, ever validated or not
store       bytes by digest and names as small files; `manifest` lists what belongs to a name
lock        which listing a name means; changed only with its difference shown
resolve     the only place that makes a ResolvedModel, and engines take nothing else
card        the older, smaller sibling: a card beside its bytes on a shelf, like the seedling that ships
"""
