"""The ground floor: what things are. Pure; imports nothing of the house."""
