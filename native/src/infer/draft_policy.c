// A round of k drafts costs k * draft + verify + k * row and yields one token more than are
// accepted. Another draft pays where its chance of being accepted, times the mean cost of a token,
// exceeds its own cost. Before it is made, its chance is that of all drafts before it times the
// mean acceptance.
#include "infer/draft_policy.h"

// Modelled for the C906 (docs/performance.md): a draft is bound by its products, not by its bytes.
static const double DRAFT_COST = 1.8, ROW_COST = 0.3;

// Acceptance of drafts by margin, of 4,035 drafts of a trained model, sampled with top-p. The first
// bin ends at FIRST_END, each other one at twice the end before it.
static const float FIRST_END = 1.0f / 256.0f;
static const double MEASURED[MARGIN_BINS] = {0.29, 0.35, 0.53, 0.61, 0.74, 0.86,
                                             0.92, 0.97, 0.98, 0.99, 0.99, 0.99};
static const double MEASURED_MEAN = 0.90;

// Drafts that the measured acceptance counts for, tokens that the first rate counts for, the
// moving average's share of a new draft, and rounds until a draft is tried again.
static const double PRIOR_DRAFTS = 16.0, MEMORY = 32.0, NEWEST = 0.05;
enum { RETRY = 16 };

void draft_policy_init(DraftPolicy *p, double draft_bytes, double verify_bytes) {
    *p = (DraftPolicy){
        .draft = DRAFT_COST * draft_bytes,
        .verify = (1.0 + ROW_COST) * verify_bytes,
        .row = ROW_COST * verify_bytes,
        .acceptance = MEASURED_MEAN,
        .tokens = MEMORY,
    };
    for (int bin = 0; bin < MARGIN_BINS; bin++) {
        p->tried[bin] = PRIOR_DRAFTS;
        p->accepted[bin] = PRIOR_DRAFTS * MEASURED[bin];
    }
    // Rounds of two drafts.
    double yield = 1.0 + MEASURED_MEAN + MEASURED_MEAN * MEASURED_MEAN;
    p->cost = MEMORY * (p->verify + 2.0 * (p->draft + p->row)) / yield;
}

static bool pays(const DraftPolicy *p) {
    double saved = p->chance * p->acceptance * p->cost / p->tokens;
    return p->count < MAX_DRAFTS && saved > p->draft + p->row;
}

bool draft_policy_begin(DraftPolicy *p) {
    p->chance = 1.0;
    p->count = 0;
    if (pays(p)) {
        p->rounds_without_draft = 0;
        return true;
    }
    return ++p->rounds_without_draft % RETRY == 0;  // in case that has changed
}

bool draft_policy_add(DraftPolicy *p, float margin) {
    int32_t bin = 0;
    for (float end = FIRST_END; bin < MARGIN_BINS - 1 && margin >= end; end *= 2.0f) bin++;
    p->bins[p->count++] = bin;
    p->chance *= p->accepted[bin] / p->tried[bin];
    return pays(p);
}

void draft_policy_end(DraftPolicy *p, int32_t accepted) {
    // Nothing is known of drafts after the first mismatch.
    for (int32_t i = 0; i < p->count && i <= accepted; i++) {
        double right = i < accepted ? 1.0 : 0.0;
        p->tried[p->bins[i]] += 1.0;
        p->accepted[p->bins[i]] += right;
        p->acceptance += NEWEST * (right - p->acceptance);
    }
    double share = 1.0 - 1.0 / MEMORY;
    p->cost = share * p->cost + p->verify + p->count * (p->draft + p->row);
    p->tokens = share * p->tokens + accepted + 1;
}
