"""From a name to verified weights, or a refusal that says what to do.

declared    cards (`fleet/models/`), shelf (a card beside its bytes, like the seedling that ships), lock (which listing
            a name means; changed only with its difference shown)
kept        store (bytes by digest, names as small files), blobs, manifest (what belongs to a name), room (whether the
            disk takes it), collecting (what may go)
brought     hub (the door), transfer, partial and fetch (resumable, verified), bringing, importing
looked at   headers, folder, classify → verdict; safetensors_weights, gguf_weights, adapters, dimensions, shapes,
            foreign_code, memory; sandbox and probing for native code
made        chain (card → stages), planning and estimates (what is missing, and its cost), workshop, prepare, steps;
            merge, gguf, parity over phrases, smoke
used        resolve, the only place that makes a ResolvedModel, and engines take nothing else; survey, pointing
"""
