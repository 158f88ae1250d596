// A llama2.c checkpoint: it is refused, or a story is told from it in one of the modes. Mode exact
// must tell what mode reference tells, as long as all logits are numbers.
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "model/config.h"
#include "pack/pack.h"

// Larger ones take all the time: RoPE's angles are computed for the whole context.
enum { MAX_VOCAB = 2048, MAX_CONTEXT = 256 };
enum { MAGIC = 0x616b3432, SIZES = 7, HEADER_0 = 28, HEADER_2 = 256 };

// Pieces that are all a space: any prompt becomes byte tokens. Kept for the next of the same size.
static Tokenizer *plain_tokenizer(int32_t vocab) {
    static Tokenizer *kept[MAX_VOCAB + 1];
    if (kept[vocab]) return kept[vocab];
    static uint8_t bytes[4 + 9 * MAX_VOCAB];
    int32_t one = 1;
    memcpy(bytes, &one, sizeof one);
    for (int32_t id = 0; id < vocab; id++) {
        uint8_t *piece = bytes + 4 + 9 * id;
        memset(piece, 0, 4);
        memcpy(piece + 4, &one, sizeof one);
        piece[8] = ' ';
    }
    Failure failure;
    Tokenizer *tokenizer = tokenizer_read("plain", bytes, 4 + 9 * (size_t)vocab, vocab, &failure);
    MUST(tokenizer != NULL);
    return kept[vocab] = tokenizer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < ASKED || size > MAX_INPUT) return 0;
    Request request = request_of(data);
    Failure failure = {0};
    Model model;
    if (!model_open(&model, file_of(data + ASKED, size - ASKED), pack_checkpoint, &failure)) {
        must_say(&failure);
        return 0;
    }
    if (model.config.vocab <= MAX_VOCAB && model.config.context <= MAX_CONTEXT) {
        Tokenizer *tokenizer = plain_tokenizer(model.config.vocab);
        Output output = generate(&model, tokenizer, &request);
        if (request.settings.mode == MODE_EXACT && output.count >= 0) {
            request.settings.mode = MODE_REFERENCE;
            request.settings.probabilities = true;
            Output expected = generate(&model, tokenizer, &request);
            MUST(!expected.numbers || (output.count == expected.count &&
                                       memcmp(output.ids, expected.ids,
                                              (size_t)output.count * sizeof *output.ids) == 0));
        }
    }
    model_close(&model);
    return 0;
}

// Bytes of the file that the header promises; 0 where it promises none.
static uint64_t promised(const uint8_t *file, size_t size) {
    if (size < HEADER_0) return 0;
    int32_t magic;
    memcpy(&magic, file, sizeof magic);
    bool second = magic == MAGIC;
    if (second && size < 41) return HEADER_2;
    int32_t n[SIZES], group = 1;
    memcpy(n, file + (second ? 8 : 0), sizeof n);
    bool tied = second ? file[36] != 0 : n[5] > 0;
    if (second) memcpy(&group, file + 37, sizeof group);
    else if (n[5] < 0 && n[5] > INT32_MIN) n[5] = -n[5];
    ModelConfig s = {n[0], n[1], n[2], n[3], n[4], n[5], n[6]};
    Failure failure;
    if (!config_check("", s, &failure) || group < 1) return 0;
    WeightCounts counts = config_weight_counts(s);
    uint64_t all = config_parameters(s, counts, tied);
    uint64_t norms = 2 * counts.norm + (uint64_t)s.dim, rest = all - norms;
    if (second) return HEADER_2 + 4 * norms + rest + rest / (uint64_t)group * 4;
    return HEADER_0 + 4 * (all + (uint64_t)s.context * (uint64_t)(s.dim / s.heads / 2) * 2);
}

// A file whose size is not what its header says is refused at once: the size is set right.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    uint32_t state = seed;
    if (size <= ASKED || draw(&state) % 8 == 0) return LLVMFuzzerMutate(data, size, most);
    switch (draw(&state) % 4) {
        case 0: mutate_within(data, ASKED, &state); break;
        case 1: mutate_within(data + ASKED, size - ASKED < 64 ? size - ASKED : 64, &state); break;
        default: mutate_within(data + ASKED, size - ASKED, &state);
    }
    uint64_t right = promised(data + ASKED, size - ASKED);
    if (right == 0 || right > most - ASKED || draw(&state) % 16 == 0) return size;
    size_t whole = ASKED + (size_t)right;
    for (size_t at = size; at < whole; at++) data[at] = data[ASKED + draw(&state) % (at - ASKED)];
    return whole;
}
