"""Trains LoRA or AdaLoRA with PyTorch and PEFT exactly as a job folder says, and writes what came of it.

    python benchmarks/peers/train.py <job folder> <threads> [eager | compile | bf16 | compile-bf16]

The job (written by job.ts) fixes everything that is chance: rows, batches and padded lengths of every update, the start of
A, B, E and of the head. Here is only the training loop: float32 unless the mode is one of bfloat16 autocast, no dropout, AdamW, clipping, a linear schedule. Results go to
result.json: losses by step, seconds by step, evaluation logits (of a language model the loss of all targets together, also
before the first step), peak memory, size of the saved adapter.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

NO_DECAY = ("bias", "LayerNorm.weight")


def is_language_model(job: dict) -> bool:
    return job["head"] == "language-model"


def load_base(job: dict) -> torch.nn.Module:
    if is_language_model(job):
        return AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    config = transformers.AutoConfig.from_pretrained(job["model"], num_labels=job["outputs"])
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "pooler_dropout", "classifier_dropout", "cls_dropout"):
        if hasattr(config, name):
            setattr(config, name, 0.0)
    config.problem_type = "regression" if job["outputs"] == 1 else "single_label_classification"
    return AutoModelForSequenceClassification.from_pretrained(job["model"], config=config, dtype=torch.float32)


def load_model(job: dict) -> torch.nn.Module:
    base = load_base(job)
    head = dict(task_type="CAUSAL_LM") if is_language_model(job) else dict(task_type="SEQ_CLS", modules_to_save=["pooler", "classifier"])
    shared = dict(target_modules=job["sites"], lora_alpha=job["method"]["alpha"], lora_dropout=0.0, **head)
    options = job["method"]
    if options["name"] == "lora":
        lora = peft.LoraConfig(r=options["rank"], **shared)
    else:
        lora = peft.AdaLoraConfig(
            init_r=options["initialRank"], target_r=options["targetRank"], tinit=options["tInit"], tfinal=options["tFinal"],
            deltaT=options["deltaT"], beta1=options["beta1"], beta2=options["beta2"],
            orth_reg_weight=options["orthogonality"], total_step=len(job["updates"]), **shared,
        )
    return peft.get_peft_model(base, lora)


def start_from(model: torch.nn.Module, start: dict[str, torch.Tensor]) -> None:
    """Copies the given values into every trained parameter; none may be left over on either side."""
    remaining = dict(start)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        ours = name.removeprefix("base_model.model.").replace(".modules_to_save.default", "").replace(".default", "")
        for matrix in "AEB":
            ours = ours.replace(f".lora_{matrix}.weight", f"/{matrix}").replace(f".lora_{matrix}", f"/{matrix}")
        parameter.data.copy_(remaining.pop(ours).reshape(parameter.shape))
    assert not remaining, f"values no parameter takes: {list(remaining)}"


def to_batch(rows: list[dict], length: int, regression: bool) -> dict[str, torch.Tensor]:
    def padded(key: str, filler: int) -> torch.Tensor:
        return torch.tensor([row[key] + [filler] * (length - len(row[key])) for row in rows])

    mask = torch.tensor([[1] * len(row["ids"]) + [0] * (length - len(row["ids"])) for row in rows])
    labels = torch.tensor([row["label"] for row in rows], dtype=torch.float32 if regression else torch.long)
    return {"input_ids": padded("ids", 0), "token_type_ids": padded("types", 0), "attention_mask": mask, "labels": labels}


def factor_at(step: int, warmup: int, total: int) -> float:
    return step / max(1, warmup) if step < warmup else max(0.0, (total - step) / max(1, total - warmup))


def to_text_batch(rows: list[dict], length: int) -> dict[str, torch.Tensor]:
    """Rows of a language model, which learns their targets alone."""
    def padded(values: list[int], filler: int) -> list[int]:
        return values + [filler] * (length - len(values))

    labels = [[token if place in row["targets"] else -100 for place, token in enumerate(row["ids"])] for row in rows]
    return {
        "input_ids": torch.tensor([padded(row["ids"], 0) for row in rows]),
        "attention_mask": torch.tensor([padded([1] * len(row["ids"]), 0) for row in rows]),
        "labels": torch.tensor([padded(row, -100) for row in labels]),
    }


@torch.no_grad()
def text_loss(model: torch.nn.Module, rows: list[dict]) -> float:
    """Mean negative log-likelihood of all targets."""
    model.eval()
    total = sum(model(**to_text_batch([row], len(row["ids"]))).loss.item() * len(row["targets"]) for row in rows)
    model.train()
    return total / sum(len(row["targets"]) for row in rows)


@torch.no_grad()
def evaluate(model: torch.nn.Module, rows: list[dict], regression: bool) -> list[list[float]]:
    model.eval()
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]["ids"]))
    logits: list[list[float]] = [[] for _ in rows]
    for start in range(0, len(order), 64):
        chosen = order[start : start + 64]
        batch = to_batch([rows[index] for index in chosen], max(len(rows[index]["ids"]) for index in chosen), regression)
        batch.pop("labels")
        for index, row in zip(chosen, model(**batch).logits.tolist()):
            logits[index] = row
    model.train()
    return logits


def train(job: dict, start: dict[str, torch.Tensor], mode: str) -> dict:
    model = load_model(job).train()
    start_from(model, start)
    forward = torch.compile(model) if mode.startswith("compile") else model
    half = torch.autocast("cpu", torch.bfloat16, enabled=mode.endswith("bf16"))
    trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for n, p in trained if not n.endswith(NO_DECAY)], "weight_decay": job["weightDecay"]},
        {"params": [p for n, p in trained if n.endswith(NO_DECAY)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=job["learningRate"], betas=job["betas"], eps=job["epsilon"])
    total, regression = len(job["updates"]), job["outputs"] == 1
    losses, seconds, evaluations = [], [], []

    def measure(steps: int) -> None:
        if is_language_model(job):
            evaluations.append({"step": steps, "loss": text_loss(model, job["evaluation"])})
        elif steps > 0:
            evaluations.append({"step": steps, "logits": evaluate(model, job["evaluation"], regression)})

    measure(0)
    for step, update in enumerate(job["updates"]):
        began = time.perf_counter()
        rows = [job["train"][row] for row in update["rows"]]
        batch = to_text_batch(rows, update["length"]) if is_language_model(job) else to_batch(rows, update["length"], regression)
        for group in optimizer.param_groups:
            group["lr"] = job["learningRate"] * factor_at(step, job["warmupSteps"], total)
        optimizer.zero_grad(set_to_none=True)
        with half:
            output = forward(**batch)
        output.loss.backward()
        torch.nn.utils.clip_grad_norm_([p for _, p in trained], job["maxGradNorm"])
        optimizer.step()
        if job["method"]["name"] == "adalora":
            model.base_model.update_and_allocate(step)
        losses.append(output.loss.item())
        seconds.append(time.perf_counter() - began)
        if (step + 1) % job["evalSteps"] == 0 or step + 1 == total:
            measure(step + 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        adapter_bytes = (Path(folder) / "adapter_model.safetensors").stat().st_size
    return {"losses": losses, "seconds": seconds, "evaluations": evaluations, "peakRssBytes": peak, "adapterBytes": adapter_bytes}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    result = train(json.loads((folder / "job.json").read_text()), load_file(folder / "start.safetensors"), sys.argv[3] if len(sys.argv) > 3 else "eager")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
    (folder / "result.json").write_text(json.dumps({"versions": versions, **result}))
