"""Pure judgement: what may be appended. No input or output, no clock of its own."""
