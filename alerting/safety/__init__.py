"""一码 and 一指数: the safety code of an enterprise, the index of a region, completeness."""
