"""A segmenter applied to images and volumes: encode once per slice, prompt many times, masks on the source's grid."""

from samaritan.predict.volume import VolumePredictor

__all__ = ["VolumePredictor"]
