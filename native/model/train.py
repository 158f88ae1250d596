"""Train the default model: a small llama2 for children's stories.

    python native/model/train.py --train train.txt --valid valid.txt --out tui/duotui/data

It needs PyTorch (CPU is enough) and a corpus of stories, each ended by a line `<|endoftext|>`.
Stories that another model generated (--synthetic) fill most of a batch while the rate is constant.
Their share falls with the rate, so that the last steps are mostly of stories by people or larger
models.

It writes stories.model (SentencePiece), tokenizer.bin and stories.bin (llama2.c version 2, int8 in
groups), and prints the validation loss of exactly the written weights. The same seed, steps and
PyTorch give the same model. A stopped run goes on from its last checkpoint in --work.

The loss is nats summed over every story of valid.txt from its BOS (the ending BOS is part of it),
divided by the bytes of valid.txt and by ln 2. The unit is bits a byte, which compares vocabularies.
"""

import argparse
import json
import math
import struct
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy
import sentencepiece
import torch
import vocabulary
from torch import Tensor, nn
from torch.nn import functional as F

BOS = 1
MAGIC, VERSION = 0x616B3432, 2


@dataclass(frozen=True)
class Shape:
    dim: int = 192
    hidden: int = 512
    layers: int = 5
    heads: int = 6
    kv_heads: int = 2
    vocab: int = 2048
    length: int = 512


class Attention(nn.Module):
    """Grouped-query attention with llama2.c's interleaved RoPE."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.head = shape.dim // shape.heads
        kv = self.head * shape.kv_heads
        self.wq = nn.Linear(shape.dim, shape.dim, bias=False)
        self.wk = nn.Linear(shape.dim, kv, bias=False)
        self.wv = nn.Linear(shape.dim, kv, bias=False)
        self.wo = nn.Linear(shape.dim, shape.dim, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        b, t, _ = x.shape
        q = rotate(self.wq(x).view(b, t, -1, self.head), cos, sin).transpose(1, 2)
        k = rotate(self.wk(x).view(b, t, -1, self.head), cos, sin).transpose(1, 2)
        v = self.wv(x).view(b, t, -1, self.head).transpose(1, 2)
        group = self.shape.heads // self.shape.kv_heads
        k = k.repeat_interleave(group, 1)
        v = v.repeat_interleave(group, 1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.wo(y.transpose(1, 2).reshape(b, t, -1))


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.Parameter(torch.ones(shape.dim))
        self.ffn_norm = nn.Parameter(torch.ones(shape.dim))
        self.attention = Attention(shape)
        self.w1 = nn.Linear(shape.dim, shape.hidden, bias=False)
        self.w2 = nn.Linear(shape.hidden, shape.dim, bias=False)
        self.w3 = nn.Linear(shape.dim, shape.hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(norm(x, self.attention_norm), cos, sin)
        y = norm(x, self.ffn_norm)
        return x + self.w2(F.silu(self.w1(y)) * self.w3(y))


class Llama(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocab, shape.dim)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.Parameter(torch.ones(shape.dim))
        head = shape.dim // shape.heads
        turns = 10000.0 ** -(torch.arange(0, head, 2).float() / head)
        angles = torch.outer(torch.arange(shape.length).float(), turns)
        self.register_buffer("cos", angles.cos()[:, None], persistent=False)
        self.register_buffer("sin", angles.sin()[:, None], persistent=False)
        for name, weight in self.named_parameters():
            if name.endswith(("wo.weight", "w2.weight")):
                nn.init.zeros_(weight)
            elif weight.ndim == 2:
                nn.init.normal_(
                    weight, std=0.02 if "embedding" in name else weight.shape[1] ** -0.5
                )

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        """ids, targets (batch, time); nats of each target, (batch, time)."""
        x = self.embedding(ids)
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, cos, sin)
        logits = F.linear(norm(x, self.norm), self.embedding.weight)
        flat = F.cross_entropy(
            logits.float().flatten(0, 1), targets.flatten(), reduction="none", ignore_index=-1
        )
        return flat.view(targets.shape)


def norm(x: Tensor, weight: Tensor) -> Tensor:
    y = x.float()
    return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + 1e-5) * weight).to(x.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE on neighbouring pairs, x (batch, time, head, head size)."""
    even, odd = x[..., 0::2].float(), x[..., 1::2].float()
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2).to(x.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised by a Newton-Schulz iteration (Keller Jordan, 2024).

    Matrices of one shape are orthogonalised as one batch, which makes it cheap here. bfloat16 is
    enough for it (`precision`), but a tenth as fast on a processor without its units.
    """

    def __init__(
        self,
        weights: list[nn.Parameter],
        lr: float,
        decay: float,
        precision: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(weights, {"lr": lr, "decay": decay, "momentum": 0.95})
        self.precision = precision

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = {}
            for weight in group["params"]:
                by_shape.setdefault(weight.shape, []).append(weight)
            for shape, weights in by_shape.items():
                updates = []
                for weight in weights:
                    speed = self.state[weight].setdefault("speed", torch.zeros_like(weight))
                    speed.lerp_(weight.grad, 1 - group["momentum"])
                    updates.append(weight.grad.lerp(speed, group["momentum"]))
                scale = 0.2 * max(shape) ** 0.5
                turned = orthogonal(torch.stack(updates).to(self.precision))
                for weight, update in zip(weights, turned, strict=True):
                    weight.mul_(1 - group["lr"] * group["decay"])
                    weight.add_(update.to(weight.dtype), alpha=-group["lr"] * scale)


def orthogonal(g: Tensor) -> Tensor:
    """The nearest orthogonal matrices to g (n, rows, columns), by five quintic steps."""
    tall = g.shape[1] > g.shape[2]
    x = g.mT if tall else g
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return x.mT if tall else x


class Rows:
    """Rows of length + 1 ids, each beginning with BOS at the start of a story.

    The stories are shuffled anew for each pass, by seed and pass alone, so that a resumed run sees
    the same rows.
    """

    def __init__(
        self, stories: Sequence[Sequence[int] | numpy.ndarray], length: int, seed: int
    ) -> None:
        self.stories = [numpy.asarray(story, dtype=numpy.int16) for story in stories]
        self.length, self.seed = length, seed
        self.passed, self.queue = 0, []

    @property
    def position(self) -> tuple[int, int]:
        """Passes started, and rows left of the last one."""
        return self.passed, len(self.queue)

    @position.setter
    def position(self, position: tuple[int, int]) -> None:
        self.passed, left = position
        self.queue = self._pass(self.passed - 1)[-left:] if left else []

    def take(self, count: int) -> Tensor:
        """The next `count` rows, (count, length + 1), int64."""
        if not count:
            return torch.empty((0, self.length + 1), dtype=torch.int64)
        while len(self.queue) < count:
            self.queue += self._pass(self.passed)
            self.passed += 1
        rows, self.queue = self.queue[:count], self.queue[count:]
        return torch.from_numpy(numpy.stack(rows))

    def _pass(self, number: int) -> list[numpy.ndarray]:
        order = numpy.random.default_rng((self.seed, number)).permutation(len(self.stories))
        rows, row = [], numpy.empty(0, dtype=numpy.int16)
        for index in order:
            row = numpy.concatenate((row, self.stories[index]))
            if len(row) > self.length:
                rows.append(row[: self.length + 1].astype(numpy.int64))
                row = row[:0]
        return rows


@torch.no_grad()
def loss_of(
    model: nn.Module, stories: Sequence[Sequence[int] | numpy.ndarray], length: int
) -> float:
    """Nats over all `stories`, each from its own BOS to the BOS that ends it.

    A window past the context predicts its second half, with its first half as context.
    """
    total = 0.0
    for story in stories:
        ids = torch.tensor([*map(int, story), BOS])
        count, scored = len(ids) - 1, 0
        while scored < count:
            start = min(max(0, scored - length // 2), max(0, count - length))
            end = min(count, start + length)
            nats = model(ids[None, start:end], ids[None, start + 1 : end + 1])[0]
            total += float(nats[scored - start :].sum())
            scored = end
    return total


def quantised(weight: Tensor, group: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """int8 values and a float32 scale for each group of neighbours, as in llama2.c's export.py."""
    flat = weight.detach().float().reshape(-1, group)
    scale = flat.abs().amax(1, keepdim=True) / 127.0
    values = torch.round(flat / scale.clamp(min=1e-12))
    with torch.no_grad():
        weight.copy_((values * scale).view(weight.shape))
    return values.to(torch.int8).numpy(), scale.squeeze(1).numpy()


def export(model: Llama, target: Path, group: int = 64) -> None:
    """Write llama2.c version 2, and leave in `model` the weights that the file stands for."""
    shape = model.shape
    header = struct.pack(
        "<Ii7i",
        MAGIC,
        VERSION,
        shape.dim,
        shape.hidden,
        shape.layers,
        shape.heads,
        shape.kv_heads,
        shape.vocab,
        shape.length,
    )
    header += struct.pack("<Bi", 1, group)
    blocks = list(model.blocks)
    norms = [b.attention_norm for b in blocks] + [b.ffn_norm for b in blocks] + [model.norm]
    matrices = [model.embedding.weight]
    for name in ("wq", "wk", "wv", "wo"):
        matrices += [getattr(b.attention, name).weight for b in blocks]
    for name in ("w1", "w2", "w3"):
        matrices += [getattr(b, name).weight for b in blocks]
    with target.open("wb") as out:
        out.write(header.ljust(256, b"\0"))
        for weight in norms:
            out.write(weight.detach().numpy().astype("<f4").tobytes())
        for weight in matrices:
            for part in quantised(weight, group):
                out.write(part.tobytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--train", type=Path, nargs="+", required=True, help="written stories to learn from"
    )
    parser.add_argument("--synthetic", type=Path, help="stories that another model generated")
    parser.add_argument(
        "--share",
        type=float,
        nargs=2,
        default=(0.25, 0.8),
        help="of written stories in a batch, before the cooldown and at its end",
    )
    parser.add_argument("--valid", type=Path, required=True, help="stories to be judged by")
    parser.add_argument("--out", type=Path, required=True, help="folder for the three files")
    parser.add_argument("--work", type=Path, default=Path("/tmp/duotui-model"))
    parser.add_argument("--steps", type=int, default=8500)
    parser.add_argument("--cooldown", type=int, default=7000, help="last steps, rate down to 0")
    parser.add_argument("--batch", type=int, default=8, help="rows of `length` tokens a step")
    parser.add_argument("--rate", type=float, default=0.016, help="of Muon; AdamW gets a quarter")
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    for field, value in asdict(Shape()).items():
        parser.add_argument(f"--{field.replace('_', '-')}", type=int, default=value)
    options = parser.parse_args()
    shape = Shape(**{field: getattr(options, field) for field in asdict(Shape())})
    for folder in (options.out, options.work):
        folder.mkdir(parents=True, exist_ok=True)
    torch.set_flush_denormal(True)  # before any thread starts, which then inherits it
    torch.manual_seed(options.seed)

    spm = options.out / "stories.model"
    if not spm.exists():
        vocabulary.train(options.train, options.out / "stories", shape.vocab)
        (options.out / "stories.vocab").unlink()
    vocabulary.export(spm, options.out / "tokenizer.bin")
    encoder = sentencepiece.SentencePieceProcessor(model_file=str(spm))

    def encoded(*paths: Path) -> list[numpy.ndarray]:
        texts = [story for path in paths for story in vocabulary.read_stories(path)]
        return [numpy.array([BOS, *ids], dtype=numpy.int16) for ids in encoder.encode(texts)]

    learn, judge = encoded(*options.train), encoded(options.valid)
    generated = encoded(options.synthetic) if options.synthetic else learn
    size = options.valid.stat().st_size

    def bits(model: nn.Module) -> float:
        return loss_of(model, judge, shape.length) / size / math.log(2)

    model = Llama(shape)
    count = sum(weight.numel() for weight in model.parameters())
    tokens = sum(map(len, learn)), sum(map(len, generated))
    print(f"{count} parameters, {tokens} tokens written and generated, {shape}", flush=True)
    matrices = [w for n, w in model.blocks.named_parameters() if w.ndim == 2]
    others = [w for n, w in model.named_parameters() if w.ndim == 1 or "embedding" in n]
    muon = Muon(matrices, options.rate, options.decay)
    adam = torch.optim.AdamW(others, options.rate / 4, betas=(0.9, 0.98), weight_decay=0.0)
    fast = torch.compile(model)
    written, synthetic = (Rows(x, shape.length, options.seed) for x in (learn, generated))
    start = 0

    def batch(step: int) -> Tensor:
        """The rows of one step; the share of written stories rises while the rate falls."""
        done = 1 - min(1.0, (options.steps - step) / options.cooldown)
        share = options.share[0] + done * (options.share[1] - options.share[0])
        draw = numpy.random.default_rng((options.seed, step)).random()
        count = int(share * options.batch + draw)
        return torch.cat((written.take(count), synthetic.take(options.batch - count)))

    checkpoint = options.work / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        muon.load_state_dict(state["muon"])
        adam.load_state_dict(state["adam"])
        start = state["step"]
        written.position, synthetic.position = state["written"], state["synthetic"]
    began, mean = time.monotonic(), 0.0
    for step in range(start, options.steps):
        factor = min(1.0, (step + 1) / 100, (options.steps - step) / options.cooldown)
        for optimiser, rate in ((muon, options.rate), (adam, options.rate / 4)):
            for group in optimiser.param_groups:
                group["lr"] = rate * factor
        ids = batch(step)
        loss = fast(ids[:, :-1].contiguous(), ids[:, 1:].contiguous()).mean()
        loss.backward()
        for optimiser in (muon, adam):
            optimiser.step()
            optimiser.zero_grad()
        mean = loss.item() if step == start else 0.98 * mean + 0.02 * loss.item()
        if step % 20 == 19:
            tokens = (step + 1 - start) * ids[:, 1:].numel()
            speed = tokens / (time.monotonic() - began)
            print(f"step {step + 1} train {mean:.4f} nats, {speed:.0f} tok/s", flush=True)
        if step % 250 == 249:
            state = {
                "model": model.state_dict(),
                "muon": muon.state_dict(),
                "adam": adam.state_dict(),
                "step": step + 1,
                "written": written.position,
                "synthetic": synthetic.position,
            }
            torch.save(state, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
        if step % 500 == 499:
            print(f"step {step + 1} valid {bits(model):.4f} bits a byte", flush=True)
    before = bits(model)
    export(model, options.out / "stories.bin")
    facts = {
        "bits_per_byte": round(bits(model), 4),
        "before_int8": round(before, 4),
        "parameters": count,
        "steps": options.steps,
        "cooldown": options.cooldown,
        "share": options.share,
        "batch": options.batch,
        "rate": options.rate,
        "decay": options.decay,
        "seed": options.seed,
        "shape": asdict(shape),
        "torch": torch.__version__,
    }
    (options.out / "stories.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
