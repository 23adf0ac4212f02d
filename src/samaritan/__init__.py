"""Measure, adapt and use the Segment Anything family on medical images."""
