// Teacher forcing: mode reference is fed a given story, and says at each step which token it would
// have sampled there.
#ifndef DUO_INFER_TEACHER_FORCING_H
#define DUO_INFER_TEACHER_FORCING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "infer/generator.h"

// `path` holds the story's ids as --ids writes them: "prompt:" and the prompt's ids, "out:" and
// every next id. For each of the latter, print a line on `out`:
//   ID TAKEN NATS LIKELY:PROBABILITY:OWN:TEXT ...
// TAKEN is the id that reference samples there, with these settings and the same random number.
// NATS is -ln of ID's probability. The `likely` likeliest ids follow, each with its probability by
// reference, that by the settings' own mode (empty for reference), and its text in hex.
// Probabilities are softmax(logits / temperature) before top-p; softmax(logits) at temperature 0.
bool teacher_forcing_file(Model *model, const Tokenizer *tokenizer, Settings settings,
                          const char *path, int32_t likely, FILE *out, Failure *failure);

#endif
