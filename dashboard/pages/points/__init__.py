"""Points: which there are, and the curves of one or several."""
