"""Maps without a drawing library: outlines, names of countries and districts, regional groups, corridors and label anchors."""
