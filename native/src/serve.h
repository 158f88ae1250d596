// The agent: docs/protocol.md on the terminal that is standard input and output.
#ifndef DUO_SERVE_H
#define DUO_SERVE_H

// Serve until BYE, a signal or the end of the line. What is wrong before the first frame is one line
// on stderr. Returns the exit status.
int serve_run(const char *model_path, const char *tokenizer_path);

#endif
