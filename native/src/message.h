// The payloads of docs/protocol.md: the host's read, the agent's written. Pure: no input or output.
#ifndef DUO_MESSAGE_H
#define DUO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROTOCOL = 1 };

enum {
    ASK_HELLO = 0x01, GENERATE = 0x02, CANCEL = 0x03, PAUSE = 0x04, ACK = 0x05, RESUME = 0x06,
    PING = 0x07, ASK_STATS = 0x08, BYE = 0x09,
    HELLO = 0x81, EVENT = 0x82, STATS = 0x83, PONG = 0x84, REFUSED = 0x85, GONE = 0x86,
};

enum { KIND_START = 0, KIND_TOKEN = 1, KIND_END = 2 };
enum { FLAG_PROBABILITIES = 1 };
enum { STATE_IDLE = 0, STATE_TELLING = 1, STATE_PAUSED = 2 };
enum { REASON_STEPS = 0, REASON_ENDED = 1, REASON_CANCELLED = 2, REASON_FAILED = 3 };
enum { REFUSED_BUSY = 1, REFUSED_SETTINGS = 2, REFUSED_PROMPT = 3, REFUSED_MODE = 4,
       REFUSED_MEMORY = 5 };

// The bytes of a str: of a payload where it was read, of the caller where it is written.
typedef struct {
    const uint8_t *bytes;
    size_t size;
} Text;

typedef struct {
    uint32_t story;
    uint8_t mode, flags;
    uint32_t steps;
    float temperature, topp;
    uint64_t seed;
    Text prompt;
} Generate;

// Every message of the host but GENERATE. What a type has not is 0.
typedef struct {
    uint32_t story;
    uint32_t number;  // protocol, on, next or nonce
} Command;

typedef struct {
    uint8_t protocol, state;
    uint64_t boot;
    uint32_t story, events;
    uint8_t modes;
    uint32_t vocabulary, context;
    uint64_t parameters;
    uint8_t model_hash[32], tokenizer_hash[32];
    Text version, model, machine;
} Hello;

typedef struct {
    uint8_t mode;
    uint32_t steps;
    float temperature, topp;
    uint64_t seed, clock;
    const int32_t *ids;
    size_t count;  // at most START_IDS_MAX
} Start;

typedef struct {
    uint32_t id;
    uint64_t clock;
    float probability;
    Text text;  // at most TOKEN_TEXT_MAX bytes
} Token;

typedef struct {
    uint8_t reason;
    uint32_t tokens;
    uint64_t clock;
    double rate;
} End;

typedef struct {
    uint32_t story;
    uint8_t state;
    uint32_t tokens;
    uint64_t clock, first;
    uint32_t rss, peak;
    uint64_t faults;
    uint32_t repeats, noise;
} Stats;

enum {
    EVENT_HEAD = 9,            // story, index, kind
    START_IDS_MAX = 1014,      // what a payload has room for
    TOKEN_TEXT_MAX = 4069,
    HELLO_TEXT_MAX = 1024,     // longer names are cut
    REFUSED_TEXT_MAX = 1024,
};

// False where the payload is shorter or longer than its fields say, or the type is not the host's.
bool generate_read(const uint8_t *payload, size_t size, Generate *generate);
bool command_read(uint8_t type, const uint8_t *payload, size_t size, Command *command);

// Each writes to `out`, which has room for PAYLOAD_MAX, and returns the bytes written.
size_t hello_write(uint8_t *out, const Hello *hello);
size_t stats_write(uint8_t *out, const Stats *stats);
size_t pong_write(uint8_t *out, uint32_t nonce, uint64_t clock);
size_t refused_write(uint8_t *out, uint32_t story, uint8_t code, Text text);

// An event is its head and, after EVENT_HEAD bytes, one of the bodies.
size_t event_head_write(uint8_t *out, uint32_t story, uint32_t index, uint8_t kind);
size_t start_write(uint8_t *out, const Start *start);
size_t token_write(uint8_t *out, const Token *token);
size_t end_write(uint8_t *out, const End *end);

#endif
