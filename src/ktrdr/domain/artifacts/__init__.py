"""What a trained model is when it is stored: a manifest plus named blobs with checksums."""
