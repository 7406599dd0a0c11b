"""Loads an adapter with PEFT: python use_in_peft.py <base model> <adapter folder> <text>"""

import sys

import torch
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModelForSequenceClassification, AutoTokenizer

base, adapter, text = sys.argv[1:]

with safe_open(f"{adapter}/adapter_model.safetensors", "pt") as tensors:
    labels = next(tensors.get_slice(name).get_shape()[0] for name in tensors.keys() if name.endswith("classifier.bias"))

network = AutoModelForSequenceClassification.from_pretrained(base, num_labels=labels, dtype=torch.float32)
model = PeftModel.from_pretrained(network, adapter).eval()
tokenizer = AutoTokenizer.from_pretrained(base)
with torch.no_grad():
    logits = model(**tokenizer(text, return_tensors="pt")).logits[0]
print(logits.tolist())
