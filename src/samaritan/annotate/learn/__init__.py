"""Learning while labelling: training in the background, proposals, and which case comes next.

    improver    what the page's button does: export, train in a process of its own, compare, keep or discard, propose
    plan, job   what is trained, and one training from export to scores
    answer      what an adapted model proposes for a case, and how uncertain it is
    order       which case comes next
    person      a simulated annotator
    simulate    how many interactions all this saves

Importing :mod:`samaritan.annotate.learn` or its ``improver`` does not import torch.
"""
