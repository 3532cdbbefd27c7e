"""The only SQL of the house: one file per table or view, with its queries."""
