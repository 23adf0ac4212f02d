"""The annotator under load, in failure and over time: ``python -m benchmarks.annotate.X`` from the root of a checkout."""
