"""The stand-in Mac: a small SSH host whose telemetry is what the kernel really did."""
