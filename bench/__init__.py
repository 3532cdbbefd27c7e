"""Benchmarks: scripts that print ratios within one run. What they mean: docs/performance.md."""
