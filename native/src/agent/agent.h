// The agent: serves docs/protocol.md on the tty of stdin and stdout until BYE, a signal or a
// hang-up. This thread runs a poll() loop over the tty and the child processes; generation_job.c's
// thread computes.
#ifndef DUO_AGENT_AGENT_H
#define DUO_AGENT_AGENT_H

// `voice`: the program that speaks (tts_process.h), `ear`: the one that records (mic_process.h), or
// NULL. Returns the exit status. An error before the first frame is one line on stderr.
int agent_run(const char *model_path, const char *tokenizer_path, const char *voice,
              const char *ear);

#endif
