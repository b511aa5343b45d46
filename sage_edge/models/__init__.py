"""From a name to verified weights, or a refusal that says what to do. Each part imports only those above it:

errors, card, lock, manifest      what is declared: cards (`fleet/models/*.yaml`), which listing a name means, a listing
shipped_card, seedling, sandbox   a card beside its bytes, as the seedling's; limits for a process that reads weights
store/                            bytes by digest, names as small files; free space; what may go (gc)
inspect/                          what a folder or a file is, without loading it; GGUF as llama.cpp sees it
download/                         the hub, and files that are fetched in ranges, resumed and verified
prepare/                          stages (one class each), their plan, and carrying it out; importing a folder
cards                             the reader of all cards, which asks the stages about each card's steps
resolve                           the only place that makes a ResolvedModel, and engines take nothing else
model_inventory                   what this machine has of all that is declared
"""
