"""Generate one story with llama.cpp, in a process of its own, by PyPI's `xllamacpp`.

    python tests/bench/llamacpp.py '{"model": "m.gguf", "context": 256, "ids": [1], "steps": 200}'

It prints JSON: the tokens a second, the text, the prompt's time and the peak memory. It uses one
thread, no flash attention and an fp32 KV cache, which on x86-64 is faster for models of this size
than llama.cpp's defaults.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import xllamacpp
from process import high_water_kilobytes


def main() -> None:
    request = json.loads(sys.argv[1])
    before = high_water_kilobytes()
    server = xllamacpp.Server(_parameters(request["model"], request["context"]))
    _complete(server, request["ids"], 8)  # warm up
    first = _complete(server, request["ids"][:1], 1)["timings"]["prompt_ms"]
    answer = _complete(server, request["ids"], request["steps"])
    timings = answer["timings"]
    # The first token comes with the prompt; its time is not in predicted_ms.
    decoded = timings["predicted_n"] - 1
    result = {
        "rate": 1000 * decoded / timings["predicted_ms"] if decoded else 0.0,
        "text": answer["choices"][0]["text"],
        "prompt_ms": timings["prompt_ms"],
        "first_ms": first,
        "before_kilobytes": before,
        "peak_kilobytes": high_water_kilobytes(),
    }
    print(json.dumps(result))


def _parameters(model: str, context: int) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.n_ctx = context
    parameters.n_parallel = 1
    parameters.n_gpu_layers = 0
    parameters.verbosity = -1
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    return parameters


def _complete(server: xllamacpp.Server, ids: list[int], steps: int) -> dict[str, Any]:
    """Generate greedily: top-k of 1 alone, the cheapest that llama.cpp's server has."""
    answer: dict[str, Any] = server.handle_completions(
        {
            "prompt": ids,
            "n_predict": steps,
            "temperature": 0,
            "top_k": 1,
            "samplers": ["top_k"],
            "cache_prompt": False,
        }
    )
    return answer


if __name__ == "__main__":
    main()
