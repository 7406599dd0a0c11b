"""One LoRA training step (forward and backward) of a BERT encoder with PyTorch and PEFT.

Reads shapes as JSON lines from standard input, {"hidden", "layers", "batch", "length", "rank", "rounds", "mode"},
and answers each with {"milliseconds": median}. Modes: eager, compile (torch.compile), bf16 (autocast to bfloat16),
compile-bf16 (both). Compiling is not timed. Threads: first argument.
Run with torch 2.13 or later, transformers 5.x, peft 0.2x on the CPU.
"""

import json
import sys
import time

import peft
import torch
import transformers


def build(shape):
    config = transformers.BertConfig(
        vocab_size=4000,
        hidden_size=shape["hidden"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["hidden"] // 64,
        intermediate_size=4 * shape["hidden"],
        max_position_embeddings=shape["length"],
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        num_labels=2,
    )
    base = transformers.BertForSequenceClassification(config)
    targets = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
    lora = peft.LoraConfig(r=shape["rank"], lora_alpha=16, target_modules=targets, lora_dropout=0.0, task_type="SEQ_CLS")
    return peft.get_peft_model(base, lora).train()


def measure(shape):
    torch.manual_seed(1)
    mode = shape["mode"]
    key = json.dumps(shape)
    if key not in models:
        models[key] = torch.compile(build(shape)) if mode.startswith("compile") else build(shape)
    model = models[key]
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=mode.endswith("bf16"))
    ids = torch.randint(0, 4000, (shape["batch"], shape["length"]))
    labels = torch.randint(0, 2, (shape["batch"],))
    times = []
    for round_ in range(-2, shape["rounds"]):
        model.zero_grad(set_to_none=True)
        start = time.perf_counter()
        with autocast:
            loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        if round_ >= 0:
            times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[len(times) // 2]


# Of each shape and mode, so that one that is measured again is not compiled again.
models = {}
torch.set_num_threads(int(sys.argv[1]))
versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
print(json.dumps(versions), flush=True)
for line in sys.stdin:
    print(json.dumps({"milliseconds": measure(json.loads(line))}), flush=True)
