// The limits of a request and of the wire, once for both languages.
// native/limits.py writes tui/duotui/protocol/limits.py from this file; a line is a name, a value
// and a description.
#ifndef DUO_BASE_LIMITS_H
#define DUO_BASE_LIMITS_H

#define MAX_STEPS 4294967295U                  // most tokens of a story; 0 is the whole context
#define MAX_SEED 18446744073709551615U         // largest seed; 0 lets the agent choose one
#define MAX_TEMPERATURE 3.4028234663852886e38  // largest float; 0 is greedy
#define MAX_TOP_P 1.0                          // largest top-p; 0 and 1 switch it off
#define MAX_PROMPT_BYTES 4000                  // most bytes of a prompt, as UTF-8
#define MAX_PROMPT_TOKENS 1000                 // most tokens of a prompt, which START repeats
#define MAX_PAYLOAD 4096                       // most bytes of a frame's payload
#define MAX_VOLUME 100                         // loudest volume of the board's speech, in percent

#endif
