"""A reference mask (and a prediction's error) in, a PromptSet out; seeded, without torch. Adding a strategy = one file."""

from samaritan.prompts._base import PROMPTS, Candidates, PromptStrategy, Proposal, SharedStrategy
from samaritan.prompts._grammar import make_prompt

__all__ = ["PROMPTS", "Candidates", "PromptStrategy", "Proposal", "SharedStrategy", "make_prompt"]
