// The draft policy as a filter, for test_draft_policy.py. Arguments: bytes of a draft and of a
// verification. A line of input is a round: how many drafts would be accepted, and a margin for each
// draft. A line of output is the drafts of the round.
#include "infer/draft_policy.h"

#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    if (count != 3) return 2;
    DraftPolicy policy;
    draft_policy_init(&policy, strtod(arguments[1], NULL), strtod(arguments[2], NULL));
    char line[512];
    while (fgets(line, sizeof line, stdin)) {
        char *at = line;
        int32_t accepted = (int32_t)strtol(at, &at, 10);
        bool pays = draft_policy_begin(&policy);
        while (pays) {
            char *end = at;
            float margin = strtof(at, &end);
            if (end == at) break;
            at = end;
            pays = draft_policy_add(&policy, margin);
        }
        int32_t made = policy.count;
        draft_policy_end(&policy, accepted < made ? accepted : made);
        printf("%d\n", made);
    }
    return 0;
}
