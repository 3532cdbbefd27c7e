"""Tests of the simulators: physics, faults, messages, scenarios."""
