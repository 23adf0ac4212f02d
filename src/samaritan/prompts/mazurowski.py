"""The five modes of Mazurowski et al. 2023, "Segment anything model for medical image analysis" (arXiv 2304.10517).

Components are 8-connected, clicks are centre clicks, boxes are tight. Candidate number 0 of three counts; the paper's
"oracle" is ``mazurowski:3:oracle``. Deviation: the paper's oracle takes the best IoU, ours the best Dice, which puts
candidates in the same order; and in mode 4 the paper chooses one candidate number for the united masks, where a
benchmark here chooses one for each box. The paper's corrective clicks are ``clicks:9:feedback=none,candidates=first``.
"""

from samaritan.prompts._protocol import protocol

protocol(
    "mazurowski",
    {
        "1": "point:components=1",  # one click in the largest component
        "2": "point:components=3",  # one click in each of up to three, in one question
        "3": "boxes:max=1",  # a box around the largest component
        "4": "boxes:max=3",  # a box around each of up to three, masks united
        "5": "box",  # one box around everything
    },
    candidates="first",
)
