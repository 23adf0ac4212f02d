"""Which method helps on this data: the same split, prompts, budget and schedule for every one."""
