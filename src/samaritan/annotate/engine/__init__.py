"""The model in a process of its own, and the queue before it."""
