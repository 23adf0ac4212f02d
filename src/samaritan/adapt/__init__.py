"""Changes to a model: methods of the field behind one contract, one file each; an adapted model is still a Segmenter.

Attach, train (see :mod:`samaritan.train`), save; load, detach, merge.
"""

from samaritan.adapt._adaptation import Adaptation, Counts, attach
from samaritan.adapt._base import METHODS, Behaviour, Method, MethodCard, MethodConfig
from samaritan.adapt._file import AdapterHeader, base_sha256, load_adapter, read_adapter, save_adapter
from samaritan.adapt._load import AdapterCard, adapter_file, load_adapted
from samaritan.adapt._sampling import Consensus, draw_samples
from samaritan.adapt._surgery import Part, Surgery, TokenSource, Wrapper

__all__ = [
    "METHODS", "Adaptation", "AdapterCard", "AdapterHeader", "Behaviour", "Consensus", "Counts", "Method", "MethodCard",
    "MethodConfig", "Part", "Surgery", "TokenSource", "Wrapper", "adapter_file", "attach", "base_sha256", "draw_samples",
    "load_adapted", "load_adapter", "read_adapter", "save_adapter",
]  # fmt: skip
