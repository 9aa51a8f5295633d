"""Photos: received, re-encoded in a job, stored as blobs, shown through signed links."""
