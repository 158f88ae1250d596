#include "pack/pack_anchors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/ops_f32.h"

enum { ROUNDS = 8 };

// mean (dim) of the tile's rows that are below NORM_LIMIT.
static void average_tile(const LmHead *head, const float *rows, int32_t tile, float *mean) {
    int32_t count = 0;
    memset(mean, 0, (size_t)head->dim * sizeof *mean);
    for (int32_t slot = tile * TILE; slot < (tile + 1) * TILE && slot < head->coded; slot++) {
        const float *row = rows + (int64_t)head->ids[slot] * head->dim;
        if (!(norm_squared(row, head->dim) < (double)NORM_LIMIT * (double)NORM_LIMIT)) continue;
        for (int32_t i = 0; i < head->dim; i++) mean[i] += row[i];
        count++;
    }
    for (int32_t i = 0; i < head->dim && count > 0; i++) mean[i] /= (float)count;
}

static uint8_t nearest(const float *mean, const float *anchors, int32_t dim) {
    int best = 0;
    double least = INFINITY;
    for (int k = 0; k < ANCHORS; k++) {
        double distance = 0.0;
        for (int32_t i = 0; i < dim && distance < least; i++) {
            double d = (double)mean[i] - (double)anchors[(int64_t)k * dim + i];
            distance += d * d;
        }
        if (distance < least) {
            least = distance;
            best = k;
        }
    }
    return (uint8_t)best;
}

// Lloyd's step: each anchor but the first becomes the mean of the tiles that are nearest to it.
static void move_anchors(const float *means, int32_t tiles, int32_t dim, const uint8_t *anchor_of,
                         float *anchors) {
    for (int k = 1; k < ANCHORS; k++) {
        int32_t count = 0;
        for (int32_t tile = 0; tile < tiles; tile++) count += anchor_of[tile] == k;
        for (int32_t i = 0; i < dim && count > 0; i++) {
            double sum = 0.0;
            for (int32_t tile = 0; tile < tiles; tile++) {
                if (anchor_of[tile] == k) sum += (double)means[(int64_t)tile * dim + i];
            }
            anchors[(int64_t)k * dim + i] = (float)(sum / count);
        }
    }
}

bool pack_anchors(const LmHead *head, const float *rows, float *anchors, uint8_t *anchor_of) {
    size_t dim = (size_t)head->dim, tiles = (size_t)head->tiles;
    float *means = malloc(tiles * dim * sizeof *means);
    if (!means) return false;
    for (int32_t tile = 0; tile < head->tiles; tile++) {
        average_tile(head, rows, tile, means + (size_t)tile * dim);
    }
    memset(anchors, 0, ANCHORS * dim * sizeof *anchors);
    for (size_t k = 1; k < ANCHORS; k++) {
        size_t tile = (k - 1) * (tiles - 1) / (ANCHORS - 2);
        memcpy(anchors + k * dim, means + tile * dim, dim * sizeof *means);
    }
    for (int round = 0; round <= ROUNDS; round++) {
        if (round > 0) move_anchors(means, head->tiles, head->dim, anchor_of, anchors);
        for (size_t tile = 0; tile < tiles; tile++) {
            anchor_of[tile] = nearest(means + tile * dim, anchors, head->dim);
        }
    }
    free(means);
    return true;
}
