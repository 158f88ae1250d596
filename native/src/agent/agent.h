// The agent: docs/protocol.md on a terminal, until BYE, a signal or a hang-up.
#ifndef DUO_SERVE_H
#define DUO_SERVE_H

// `voice` is the program that speaks (voice.h), `ear` the one that records (ear.h), or NULL. Returns the exit status. What goes wrong before the first frame is one line on stderr.
int serve_run(const char *model_path, const char *tokenizer_path, const char *voice,
              const char *ear);

#endif
