"""Training steps of LoRA on the checkpoint of phi-2.ts with PyTorch and PEFT, as a user would take them.

    python benchmarks/models/phi_2.py <model> <tokens a row> <steps> <threads> <float32 | bfloat16>

The last line is {tokensPerSecond, stepSeconds}: of the fastest step, forward, backward and AdamW, every token a target.
Weights are loaded in the given type; the adapter stays in float32, as PEFT makes it by default.
"""

import json
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

MAPS = ["q_proj", "k_proj", "v_proj", "dense", "fc1", "fc2"]


def main(folder: str, length: int, steps: int, threads: int, precision: str) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, precision), attn_implementation="sdpa")
    base.config.use_cache = False
    lora = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, target_modules=MAPS, task_type="CAUSAL_LM")
    model = get_peft_model(base, lora).train()
    optimizer = torch.optim.AdamW((each for each in model.parameters() if each.requires_grad), lr=1e-4)
    ids = torch.randint(0, base.config.vocab_size, (1, length))
    fastest = float("inf")
    for _ in range(steps):
        started = time.perf_counter()
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        fastest = min(fastest, time.perf_counter() - started)
    print(json.dumps({"tokensPerSecond": length / fastest, "stepSeconds": fastest}))


main(sys.argv[1], *(int(each) for each in sys.argv[2:5]), sys.argv[5])
