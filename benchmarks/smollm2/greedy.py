"""Greedy text by transformers: answers one JSON line with another.

Questions: {model, prompt, tokens}, the prompt a text or a conversation. Answers: ids of the prompt, ids and text of so many
tokens after it, end of text or not, and by how much the logit of each was above the next.
"""

import json
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer


def prompt_ids(tokenizer, prompt) -> list[int]:
    if isinstance(prompt, str):
        return tokenizer(prompt)["input_ids"]
    text = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@torch.no_grad()
def answer(model, tokenizer, question: dict) -> dict:
    prompt = prompt_ids(tokenizer, question["prompt"])
    ids, margins, past, unread = [], [], None, prompt
    for _ in range(question["tokens"]):
        output = model(torch.tensor([unread]), past_key_values=past, use_cache=True)
        past = output.past_key_values
        (first, second), (chosen, _) = (values.tolist() for values in output.logits[0, -1].topk(2))
        ids.append(chosen)
        margins.append(first - second)
        unread = [chosen]
    text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return {"prompt": prompt, "ids": ids, "text": text, "margins": margins}


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__}), flush=True)
    loaded = {}
    for line in sys.stdin:
        question = json.loads(line)
        folder = question["model"]
        if folder not in loaded:
            model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
            loaded[folder] = model, AutoTokenizer.from_pretrained(folder)
        print(json.dumps(answer(*loaded[folder], question)), flush=True)


main()
