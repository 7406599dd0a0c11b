"""Loads an adapter with PEFT: python use_in_peft.py <base model> <adapter folder> <text>"""

import sys

import torch
from peft import AutoPeftModelForSequenceClassification, PeftConfig
from safetensors import safe_open
from transformers import AutoTokenizer

base, adapter, text = sys.argv[1:]

with safe_open(f"{adapter}/adapter_model.safetensors", "pt") as tensors:
    labels = next(tensors.get_slice(name).get_shape()[0] for name in tensors.keys() if name.endswith("classifier.bias"))

config = PeftConfig.from_pretrained(adapter)
config.base_model_name_or_path = base
model = AutoPeftModelForSequenceClassification.from_pretrained(adapter, config=config, num_labels=labels).eval()
tokenizer = AutoTokenizer.from_pretrained(base)
with torch.no_grad():
    logits = model(**tokenizer(text, return_tensors="pt")).logits[0]
print(logits.tolist())
