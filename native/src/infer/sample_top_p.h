// Top-p (nucleus) sampling from candidates whose logits are known within bounds: llama2.c's
// sample_topp(). Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration".
#ifndef DUO_INFER_SAMPLE_TOP_P_H
#define DUO_INFER_SAMPLE_TOP_P_H

#include <stdint.h>

#include "infer/candidates.h"

// Where the coin falls in the nucleus, the most probable token first. *found is an index of rows.
Finding find_in_nucleus(Choice *choice, float coin, int32_t *found);

#endif
