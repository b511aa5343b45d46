"""The model store on disk: blobs by digest, manifests by name, garbage collection, free space."""
