"""Writes a checkpoint of the shape of microsoft/deberta-v3-base (184 M parameters) with random weights, for timings.

    python benchmarks/models/random_deberta.py <folder>
"""

import sys

import torch
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

torch.manual_seed(0)
config = DebertaV2Config(
    vocab_size=128100, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072,
    max_position_embeddings=512, type_vocab_size=0, layer_norm_eps=1e-7, relative_attention=True, position_buckets=256,
    max_relative_positions=-1, norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"],
    position_biased_input=False, pooler_hidden_size=768, num_labels=2,
)
DebertaV2ForSequenceClassification(config).save_pretrained(sys.argv[1])
