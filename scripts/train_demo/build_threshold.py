"""Writes the model.onnx of the hand-built threshold tool. usage: build_threshold.py OUT.onnx"""
import sys

import nets
from train_segmentation import export

export(nets.Threshold3d().eval(), (16, 16, 16), sys.argv[1])
