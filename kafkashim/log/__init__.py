"""A partition's log: batches in the order of their offsets."""
