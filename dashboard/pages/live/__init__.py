"""The live page: alerts as they come, points with their values, a chart."""
