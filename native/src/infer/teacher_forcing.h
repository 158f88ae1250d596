// What mode reference would have said at each step of a story that somebody else told.
#ifndef DUO_FOLLOW_H
#define DUO_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "infer/generator.h"

// `path` has the story's ids, as --ids writes them: after "prompt:" the prompt's, then "out:" and
// every next one. For each of the latter a line on `out`:
//   ID TAKEN NATS LIKELY:PROBABILITY:OWN:TEXT ...
// TAKEN is what reference would have taken there, with these settings and the same random number;
// NATS is -ln of ID's probability, and the `likely` likeliest ids come with theirs, with
// what the settings' mode itself gives them (nothing where that is reference), and with their text
// in hex; all under softmax(logits / temperature), before top-p, for temperature 0 under
// softmax(logits).
bool follow_file(Model *model, const Tokenizer *tokenizer, Settings settings, const char *path,
                 int32_t likely, FILE *out, Failure *failure);

#endif
