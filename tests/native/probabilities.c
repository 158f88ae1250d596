// Tell a story with probabilities: "id probability" of each token, one a line.
// probabilities MODEL TOKENIZER TEMPERATURE STEPS PROMPT
#include <stdio.h>
#include <stdlib.h>

#include "infer/generator.h"
#include "pack/pack.h"

int main(int argc, char **argv) {
    if (argc != 6) return EXIT_USAGE;
    Failure failure;
    Model model;
    if (!model_open(&model, argv[1], pack_checkpoint, &failure)) return failure.status;
    Tokenizer *tokenizer = tokenizer_open(argv[2], model.config.vocab, &failure);
    if (!tokenizer) return failure.status;
    Settings settings = {
        .steps = (uint32_t)atoi(argv[4]),
        .temperature = strtof(argv[3], NULL),
        .topp = 0.9f,
        .seed = 7,
        .probabilities = true,
    };
    Generator *generator = generator_new(&model, tokenizer, settings, argv[5], &failure);
    if (!generator) return failure.status;
    Step step;
    while (generator_step(generator, &step)) printf("%d %.9g\n", step.id, (double)step.probability);
    generator_free(generator);
    tokenizer_close(tokenizer);
    model_close(&model);
    return 0;
}
