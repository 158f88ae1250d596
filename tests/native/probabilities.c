// Tell a story with probabilities: "id probability" of each token, one a line.
// probabilities MODEL TOKENIZER TEMPERATURE STEPS PROMPT
#include <stdio.h>
#include <stdlib.h>

#include "infer/generator.h"
#include "pack/pack.h"

int main(int argc, char **argv) {
    if (argc != 6) return EXIT_USAGE;
    Failure failure;
    Weights weights;
    if (!weights_open(&weights, argv[1], pack_model, &failure)) return failure.status;
    Tokenizer *tokenizer = tokenizer_open(argv[2], weights.shape.vocab, &failure);
    if (!tokenizer) return failure.status;
    Settings settings = {
        .steps = (uint32_t)atoi(argv[4]),
        .temperature = strtof(argv[3], NULL),
        .topp = 0.9f,
        .seed = 7,
        .probabilities = true,
    };
    Teller *teller = teller_new(&weights, tokenizer, settings, argv[5], &failure);
    if (!teller) return failure.status;
    Next next;
    while (teller_next(teller, &next)) printf("%d %.9g\n", next.id, (double)next.probability);
    teller_free(teller);
    tokenizer_close(tokenizer);
    weights_close(&weights);
    return 0;
}
