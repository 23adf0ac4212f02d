"""Learning while labelling: training in the background, proposals, and which case comes next.

    improver    what the page's button does: export, train in a process of its own, compare, keep or discard, propose
    plan, job   what is trained, and one training from export to scores (split, score)
    proposer    one layer that knows where objects are, fitted in closed form to what (teach) reads from cases
    answer      what is proposed for a case, and how uncertain that is (uncertainty)
    order       which case comes next
    person      a simulated annotator
    simulate    how many interactions all this saves

Importing :mod:`samaritan.annotate.learn` or its ``improver`` does not import torch.
"""
