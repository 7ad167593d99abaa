"""Maps without a drawing library: outlines, names, groups of countries, corridors and label anchors."""
