// Top-p (nucleus) sampling from candidates whose logits are known within bounds: llama2.c's
// sample_topp(). Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration".
#ifndef DUO_INFER_SAMPLE_TOP_P_H
#define DUO_INFER_SAMPLE_TOP_P_H

#include <stdint.h>

#include "infer/candidates.h"

// The token that `coin` selects from the nucleus. *found is an index of rows.
SearchStatus sample_top_p(Candidates *c, float coin, int32_t *found);

#endif
