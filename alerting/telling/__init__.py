"""Who is told of what, in which words."""
