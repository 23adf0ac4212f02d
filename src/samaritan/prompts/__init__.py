"""A reference mask (and a prediction's error) in, a PromptSet out; seeded, without torch. Adding a strategy = one file.

Prompts of people, from the command line or a file, are read here too: they become the same PromptSets.
"""

from samaritan.prompts._arguments import parse_box, parse_line, parse_point
from samaritan.prompts._base import PROMPTS, Candidates, PromptStrategy, Proposal, SharedStrategy
from samaritan.prompts._file import read_prompts
from samaritan.prompts._gather import to_prompt_sets
from samaritan.prompts._grammar import make_prompt, make_strategy
from samaritan.prompts._solid import Solid, spread
from samaritan.prompts._strategy import VolumeStrategy
from samaritan.prompts._target import TargetPrompt

__all__ = [
    "PROMPTS", "Candidates", "PromptStrategy", "Proposal", "SharedStrategy", "Solid", "TargetPrompt",
    "VolumeStrategy", "make_prompt", "make_strategy", "parse_box", "parse_line", "parse_point", "read_prompts",
    "spread", "to_prompt_sets",
]  # fmt: skip
