"""Learning while labelling: training in the background, proposals, and which case comes next."""
