"""When transformers has each token of a greedy text: answers one JSON line with another.

Questions: {model, type, prompt, tokens}: a folder, the type it is loaded in, ids, and how many tokens follow. Answers:
{milliseconds}, when it began, and when each token was there.
"""

import json
import sys
import time

import torch
import transformers
from transformers import AutoModelForCausalLM


@torch.inference_mode()
def answer(model, question: dict) -> list[float]:
    times, past, unread = [time.perf_counter()], None, question["prompt"]
    for _ in range(question["tokens"]):
        output = model(torch.tensor([unread]), past_key_values=past, use_cache=True, logits_to_keep=1)
        past, unread = output.past_key_values, [int(output.logits[0, -1].argmax())]
        times.append(time.perf_counter())
    return [1000 * value for value in times]


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__}), flush=True)
    loaded = {}
    for line in sys.stdin:
        question = json.loads(line)
        key = question["model"], question["type"]
        if key not in loaded:
            loaded[key] = AutoModelForCausalLM.from_pretrained(key[0], dtype=getattr(torch, key[1])).eval()
        print(json.dumps({"milliseconds": answer(loaded[key], question)}), flush=True)


main()
