"""The model in a process of its own, and the queue before it.

The server talks to an :class:`Engine`; nothing here that it imports needs torch. What the model process does with a question
is in ``answers``, which can be called without any process, too.
"""

from samaritan.annotate.engine._engine import Engine
from samaritan.annotate.engine._restarts import Restarts
from samaritan.annotate.engine._silence import Patience
from samaritan.annotate.engine.errors import ModelGoneError, QueueFullError, SupersededError
from samaritan.annotate.engine.settings import EngineSettings

__all__ = ["Engine", "EngineSettings", "ModelGoneError", "Patience", "QueueFullError", "Restarts", "SupersededError"]
