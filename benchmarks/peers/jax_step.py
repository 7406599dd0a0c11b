"""One LoRA training step (forward and backward) of a BERT encoder with JAX, compiled by jit.

Speaks the protocol of step.py, for the same shapes: the network, the adapted maps and the loss are those that step.py
builds of transformers and PEFT, written out here because there is no JAX form of them in transformers 5.
Compiling is not timed. Threads: first argument. Run with jax 0.10 or later on the CPU.
"""

import json
import os
import sys
import time

threads = int(sys.argv[1])
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))

import jax
import jax.numpy as jnp
import numpy as np

VOCABULARY = 4000


def build(shape):
    """Frozen tensors and low-rank factors; weights [in, out]."""
    random = np.random.default_rng(1)
    H, R = shape["hidden"], shape["rank"]
    normal = lambda *dims: jnp.asarray(0.02 * random.standard_normal(dims), dtype=jnp.float32)
    sizes = {"query": (H, H), "key": (H, H), "value": (H, H), "out": (H, H), "up": (H, 4 * H), "down": (4 * H, H)}
    layers = [
        {name: {"weight": normal(*size), "bias": jnp.zeros(size[1])} for name, size in sizes.items()}
        for _ in range(shape["layers"])
    ]
    factors = [
        {name: {"a": normal(size[0], R), "b": jnp.zeros((R, size[1]))} for name, size in sizes.items()}
        for _ in range(shape["layers"])
    ]
    frozen = {"words": normal(VOCABULARY, H), "places": normal(shape["length"], H), "types": normal(H), "layers": layers,
              "pooler": normal(H, H)}
    trained = {"layers": factors, "classifier": normal(H, 2)}
    return frozen, trained


def norm(x):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-12)


def loss_of(trained, frozen, ids, labels, heads, scale):
    def linear(x, layer, name):
        base, low = frozen["layers"][layer][name], trained["layers"][layer][name]
        return x @ base["weight"] + base["bias"] + scale * ((x @ low["a"]) @ low["b"])

    B, T = ids.shape
    x = norm(frozen["words"][ids] + frozen["places"] + frozen["types"])
    for layer in range(len(frozen["layers"])):
        split = lambda y: y.reshape(B, T, heads, -1).transpose(0, 2, 1, 3)
        query, key, value = (split(linear(x, layer, name)) for name in ("query", "key", "value"))
        weights = jax.nn.softmax(query @ key.transpose(0, 1, 3, 2) / query.shape[-1] ** 0.5)
        attended = (weights @ value).transpose(0, 2, 1, 3).reshape(B, T, -1)
        x = norm(x + linear(attended, layer, "out"))
        x = norm(x + linear(jax.nn.gelu(linear(x, layer, "up"), approximate=False), layer, "down"))
    logits = jnp.tanh(x[:, 0] @ frozen["pooler"]) @ trained["classifier"]
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1).mean()


def measure(shape):
    key = json.dumps(shape)
    if key not in steps:
        steps[key] = (*build(shape), jax.jit(jax.value_and_grad(loss_of), static_argnums=(4,)))
    frozen, trained, step = steps[key]
    random = np.random.default_rng(1)
    ids = jnp.asarray(random.integers(0, VOCABULARY, (shape["batch"], shape["length"])))
    labels = jnp.asarray(random.integers(0, 2, shape["batch"]))
    times = []
    for round_ in range(-2, shape["rounds"]):
        start = time.perf_counter()
        jax.block_until_ready(step(trained, frozen, ids, labels, shape["hidden"] // 64, 16 / shape["rank"]))
        if round_ >= 0:
            times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[len(times) // 2]


# Of each shape, so that one that is measured again is not compiled again.
steps = {}
print(json.dumps({"jax": jax.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps({"milliseconds": measure(json.loads(line))}), flush=True)
