"""Runs an exported folder with ONNX Runtime: python use_in_onnxruntime.py <exported folder> <text>"""

import json
import sys

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

folder, text = sys.argv[1:]

encoding = Tokenizer.from_file(f"{folder}/tokenizer.json").encode(text)
session = onnxruntime.InferenceSession(f"{folder}/onnx/model.onnx")
feeds = {
    "input_ids": np.array([encoding.ids]),
    "attention_mask": np.array([encoding.attention_mask]),
    "token_type_ids": np.array([encoding.type_ids]),
}
names = [each.name for each in session.get_inputs()]
(logits,) = session.run(["logits"], {name: feeds[name] for name in names})
label = json.load(open(f"{folder}/config.json"))["id2label"][str(logits[0].argmax())]
print(label, logits[0].tolist())
