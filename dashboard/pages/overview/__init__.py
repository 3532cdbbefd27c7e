"""The overview of my region: map, codes, index, what is open."""
