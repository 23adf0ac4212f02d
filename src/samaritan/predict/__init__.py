"""A segmenter applied to images and volumes: encode once per slice, prompt many times, masks on the source's grid."""

from samaritan.predict.cache import EmbeddingCache, default_cache
from samaritan.predict.overlap import Overlap
from samaritan.predict.segmentation import Segmentation
from samaritan.predict.session import VolumeSession
from samaritan.predict.targets import predict
from samaritan.predict.volume import VolumePredictor

__all__ = ["EmbeddingCache", "Overlap", "Segmentation", "VolumePredictor", "VolumeSession", "default_cache", "predict"]
