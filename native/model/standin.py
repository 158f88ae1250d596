"""Train a stand-in: a rough model of stories15M's shape and vocabulary, in about an hour.

    python native/model/standin.py --train train.txt --valid valid.txt \\
        --tokenizer tokenizer.bin --out FOLDER

This model measures the engine at the real sizes where stories15M.bin is not at hand. Its stories
are not meant to be read. It needs what train.py needs, and Llama's tokenizer.bin of 32000 pieces.

Most pieces never occur in the corpus. In a fully trained model the rows of such pieces converge:
the same states push each of them away, and weight decay removes their initial values. So here they
share one row from the start, and the softmax counts it as often as there are pieces behind it: the
same loss, for a quarter of the rows. The program writes two files (llama2.c version 0, 32000 rows,
fp32), which differ only in those rows:

    standin.bin         each is the shared row, give or take ALIKE: stories15M's case
    standin-spread.bin  each is the shared row, give or take SPREAD: a model where the
                        rows of unused pieces did not converge

The schedule follows the clock, so the result depends on the machine, and no two runs give the same
bytes. A stopped run goes on from its last checkpoint.
"""

import argparse
import json
import math
import time
from dataclasses import asdict, replace
from pathlib import Path

import llama2c
import numpy
import torch
import vocabulary
from torch import Tensor, nn
from train import Llama, Muon, Rows, Shape, loss_of, norm

SHAPE = Shape(dim=288, hidden=768, layers=6, heads=6, kv_heads=6, vocab=32000, length=256)
REST = 0  # the row that stands for all unused pieces: that of <unk>, which is one of them
ALIKE, SPREAD = 1e-5, 0.02  # standard deviations of a number in an unused piece's row
SAVED = 300.0  # seconds between checkpoints
SEPARATOR = f"\n{vocabulary.END_OF_TEXT}\n".encode()


class Standin(Llama):
    """Llama whose row REST stands for `unused` pieces at once."""

    def __init__(self, shape: Shape, unused: int) -> None:
        super().__init__(shape)
        many = torch.zeros(shape.vocab)
        many[REST] = math.log(unused)
        self.register_buffer("many", many, persistent=False)

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        """ids, targets (batch, time); nats of each target among all pieces, (batch, time).

        A target REST means any one of the unused pieces.
        """
        x = self.embedding(ids)
        cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, cos, sin)
        logits = nn.functional.linear(norm(x, self.norm), self.embedding.weight, self.many)
        flat = nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), reduction="none"
        )
        return flat.view(targets.shape) + self.many[targets]


def full_rows(model: Standin, used: numpy.ndarray, spread: float, seed: int) -> numpy.ndarray:
    """Embedding of all pieces (32000, dim); used (rows,) are the pieces that the model knows."""
    rows = model.embedding.weight.detach().numpy()
    noise = numpy.random.default_rng(seed).standard_normal(
        (SHAPE.vocab, SHAPE.dim), dtype=numpy.float32
    )
    full = rows[REST] + spread * noise
    full[used[REST + 1 :]] = rows[REST + 1 :]
    return full


def losses(model: nn.Module, stories: list[list[int]], size: int) -> dict[str, float]:
    """Losses over `stories`, which take `size` bytes in their file."""
    nats = loss_of(model, stories, SHAPE.length)
    return {
        "nats_per_token": round(nats / sum(map(len, stories)), 4),
        "bits_per_byte": round(nats / size / math.log(2), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--train", type=Path, required=True, help="stories to learn from")
    parser.add_argument("--valid", type=Path, required=True, help="stories to be judged by")
    parser.add_argument("--tokenizer", type=Path, required=True, help="Llama's tokenizer.bin")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--minutes", type=float, default=70.0, help="of training")
    parser.add_argument("--batch", type=int, default=8, help="rows of 256 tokens a step")
    parser.add_argument("--rate", type=float, default=0.012, help="of Muon; AdamW gets a quarter")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_flush_denormal(True)  # before any thread starts, which then inherits it
    torch.manual_seed(options.seed)

    tokenizer = llama2c.Tokenizer(options.tokenizer)
    learn = [tokenizer.encode(story) for story in vocabulary.read_stories(options.train)]
    texts = vocabulary.read_stories(options.valid)
    sizes = [len(text.encode()) + len(SEPARATOR) for text in texts]
    judge = [tokenizer.encode(text) for text in texts]
    used = numpy.unique(numpy.array([REST, *(i for story in learn for i in story)]))
    row_of = numpy.full(SHAPE.vocab, REST)
    row_of[used] = numpy.arange(len(used))  # BOS stays 1
    learn, judge = ([row_of[story].tolist() for story in stories] for stories in (learn, judge))
    unused = SHAPE.vocab - len(used) + 1

    model = Standin(replace(SHAPE, vocab=len(used)), unused)
    count = sum(map(len, learn))
    print(f"{count} tokens, {len(used) - 1} pieces told, {unused} untold", flush=True)
    matrices = [w for n, w in model.blocks.named_parameters() if w.ndim == 2]
    others = [w for n, w in model.named_parameters() if w.ndim == 1 or "embedding" in n]
    muon = Muon(matrices, options.rate, decay=0.1, precision=torch.float32)
    adam = torch.optim.AdamW(others, options.rate / 4, betas=(0.9, 0.98), weight_decay=0.0)
    fast = torch.compile(model)
    rows, step, seconds = Rows(learn, SHAPE.length, options.seed), 0, 0.0
    checkpoint = options.out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        muon.load_state_dict(state["muon"])
        adam.load_state_dict(state["adam"])
        step, seconds = state["step"], state["seconds"]
        rows.take(step * options.batch)

    def save() -> None:
        state = {
            "model": model.state_dict(),
            "muon": muon.state_dict(),
            "adam": adam.state_dict(),
            "step": step,
            "seconds": seconds,
        }
        torch.save(state, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)
        for name, spread in (("standin.bin", ALIKE), ("standin-spread.bin", SPREAD)):
            full = full_rows(model, used, spread, options.seed)
            llama2c.export(model, full, options.out / name)

    mean, limit = 0.0, 60 * options.minutes
    clock, saved = time.monotonic(), seconds
    while seconds < limit:
        progress = seconds / limit
        factor = min(1.0, (step + 1) / 100, (1 - progress) / 0.8)
        for optimiser, rate in ((muon, options.rate), (adam, options.rate / 4)):
            for group in optimiser.param_groups:
                group["lr"] = rate * factor
        ids = rows.take(options.batch)
        loss = fast(ids[:, :-1].contiguous(), ids[:, 1:].contiguous()).mean()
        loss.backward()
        for optimiser in (muon, adam):
            optimiser.step()
            optimiser.zero_grad()
        step += 1
        mean = 0.98 * mean + 0.02 * loss.item() if mean else loss.item()
        now = time.monotonic()
        seconds, took, clock = seconds + now - clock, now - clock, now
        if step % 50 == 0:
            print(f"step {step}, {seconds:.0f} s, {took:.2f} s a step: {mean:.4f} nats", flush=True)
        if seconds - saved > SAVED:
            saved = seconds
            save()
            some = losses(model, judge[::8], sum(sizes[::8]))
            print(f"step {step}, an eighth of valid: {some}", flush=True)
    save()
    facts = {
        **losses(model, judge, sum(sizes)),
        "told": len(used) - 1,
        "untold": unused,
        "alike": ALIKE,
        "spread": SPREAD,
        "minutes": round(seconds / 60, 1),
        "steps": step,
        "tokens": step * options.batch * SHAPE.length,
        "batch": options.batch,
        "rate": options.rate,
        "seed": options.seed,
        "shape": asdict(SHAPE),
        "torch": torch.__version__,
    }
    (options.out / "standin.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
