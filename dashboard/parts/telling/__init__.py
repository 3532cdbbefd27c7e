"""Where somebody is reached, and of what they are told: shown to them and to administrators."""
