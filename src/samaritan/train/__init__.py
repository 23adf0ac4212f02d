"""One training loop for all adaptation methods: settings in, a small adapter file out."""

from samaritan.train._config import TrainConfig
from samaritan.train._progress import Reporter, Silent
from samaritan.train.fit import TrainResult, fit

__all__ = ["Reporter", "Silent", "TrainConfig", "TrainResult", "fit"]
