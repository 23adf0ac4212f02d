"""python -m scripts.reference writes docs/reference/."""

from scripts.reference import write

write()
