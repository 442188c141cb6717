"""Programs elsewhere are told what happens here: events are written with what they tell of, and sent afterwards."""
