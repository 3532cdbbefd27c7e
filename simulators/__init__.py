"""Simulators: equipment that behaves like the real thing, for testers without hardware."""
