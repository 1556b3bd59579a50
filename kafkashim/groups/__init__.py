"""Classic consumer groups: members, generations, assignments, committed offsets."""
