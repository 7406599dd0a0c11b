"""lm-evaluation-harness on questions of MMLU: answers one JSON line with another.

Questions: {model, data, subjects, shots, limit, batchSize, out}. `data` is a folder in the original layout. Answers
{seconds}, of `evaluate` alone: prompts, tokens and forward passes, without loading the model. Log-probabilities go
to the file `out`, by subject, as [question][choice].
"""

import contextlib
import csv
import json
import os
import pathlib
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import lm_eval
import torch
import transformers
from lm_eval import evaluator
from lm_eval.api.task import ConfigurableTask
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks._yaml_loader import load_yaml

TASKS = pathlib.Path(lm_eval.__file__).parent / "tasks" / "mmlu" / "default"
COLUMNS = ("dev", "test")
# Where `auto` begins its search. At 64, the harness's own choice, the logits of SmolLM2 alone want more than 24 GiB.
LARGEST_BATCH = 16


def write_jsonl(source, target):
    with open(source, encoding="utf-8", newline="") as file, open(target, "w", encoding="utf-8") as out:
        for question, *choices, answer in csv.reader(file):
            out.write(json.dumps({"question": question, "choices": choices, "answer": "ABCD".index(answer)}) + "\n")
    return str(target)


def load_task(subject, question, scratch):
    data = pathlib.Path(question["data"])
    files = {split: write_jsonl(data / split / f"{subject}_{split}.csv", pathlib.Path(scratch) / f"{subject}_{split}.jsonl")
             for split in COLUMNS}
    config = load_yaml(TASKS / f"mmlu_{subject}.yaml")
    for key in ("tag", "include", "task_alias"):
        config.pop(key, None)
    return ConfigurableTask(config={**config, "task": subject, "dataset_path": "json", "dataset_name": None,
                                    "dataset_kwargs": {"data_files": files}, "num_fewshot": question["shots"]})


def answer(question, models):
    key = (question["model"], question["batchSize"])
    if key not in models:
        models[key] = HFLM(pretrained=key[0], device="cpu", dtype="float32", batch_size=key[1], max_batch_size=LARGEST_BATCH)
    with tempfile.TemporaryDirectory() as scratch:
        tasks = {subject: load_task(subject, question, scratch) for subject in question["subjects"]}
        start = time.perf_counter()
        results = evaluator.evaluate(models[key], tasks, limit=question["limit"], bootstrap_iters=0)
        seconds = time.perf_counter() - start
    found = {}
    for subject, samples in results["samples"].items():
        ordered = sorted(samples, key=lambda sample: sample["doc_id"])
        found[subject] = [[response[0] for response in sample["filtered_resps"]] for sample in ordered]
    pathlib.Path(question["out"]).write_text(json.dumps(found))
    return {"seconds": seconds}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    datasets.disable_progress_bars()
    print(json.dumps({"lm_eval": lm_eval.__version__, "torch": torch.__version__,
                      "transformers": transformers.__version__}), flush=True)
    models = {}
    for line in sys.stdin:
        # The harness prints what batch size it found.
        with contextlib.redirect_stdout(sys.stderr):
            reply = answer(json.loads(line), models)
        print(json.dumps(reply), flush=True)


main()
