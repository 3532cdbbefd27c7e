"""The compositions: which parts make up each process, one file each. Straight down.

A file imports only what its process needs, so that an ingestor starts in a fraction of a
second. Tests start the same compositions with a probe that kills, or with another
`advance`; no setting does either.
"""
