"""The six strategies of Huang et al. 2023, "Segment anything model for medical images?" (arXiv 2304.14660).

The first click is the centre of mass where that lies inside, later ones are uniform, negative ones are uniform in the box
enlarged 2x. The candidate with the highest Dice to the reference counts, so all six are oracles; ``huang:S5:first`` is
not. The paper's shifted boxes are ``box:shift=0-10px``, ``10-20px`` and ``20-30px``; its shifted clicks have no name here,
because a click that misses the target contradicts the contract that positive clicks lie inside.
"""

from samaritan.prompts._protocol import protocol

protocol(
    "huang",
    {
        "S1": "everything",
        "S2": "point:centroid",
        "S3": "points:5:start=centroid",
        "S4": "points:5+5:start=centroid",
        "S5": "box",
        "S6": "box+point:centroid",
    },
    candidates="oracle",
)
