// Decides where a round of speculative decoding stops drafting. A draft's margin says how near the
// random draw fell to another token; the policy learns how often drafts of each margin are
// accepted, and drafts on while that is expected to cost less than it saves.
#ifndef DUO_INFER_DRAFT_POLICY_H
#define DUO_INFER_DRAFT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum { MARGIN_BINS = 12, MAX_DRAFTS = 7 };

typedef struct {
    // Costs, in bytes of weights that take as long to read: a draft, a verification without
    // drafts, and each draft that it verifies.
    double draft, verify, row;
    double accepted[MARGIN_BINS], tried[MARGIN_BINS];  // drafts by their margin
    double acceptance;                                 // moving average over all margins
    double cost, tokens;                               // decayed sums over the rounds
    int32_t rounds_without_draft;
    double chance;  // that all drafts of this round are accepted
    int32_t count;  // drafts of this round
    int32_t bins[MAX_DRAFTS];
} DraftPolicy;

// draft_bytes, verify_bytes: weights that a draft and a verification read.
void draft_policy_init(DraftPolicy *policy, double draft_bytes, double verify_bytes);

// Start a round. True where its first draft pays.
bool draft_policy_begin(DraftPolicy *policy);

// Note a draft. True where another one after it pays.
bool draft_policy_add(DraftPolicy *policy, float margin);

// End the round, of which `accepted` drafts were accepted.
void draft_policy_end(DraftPolicy *policy, int32_t accepted);

#endif
