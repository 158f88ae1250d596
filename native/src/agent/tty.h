// The agent's tty: set raw, and restored.
#ifndef DUO_AGENT_TTY_H
#define DUO_AGENT_TTY_H

#include "base/failure.h"

// Open the tty of stdin anew, raw and non-blocking, so that a shell that shares stdin does not get
// it non-blocking. Returns the descriptor; -1, and `failure`, where stdin is no tty.
int tty_open_raw(Failure *failure);

// Restore the input modes, for the shell; output stays raw.
void tty_restore_input(void);

// Restore all modes. May be called again, and after a hang-up.
void tty_restore(void);

#endif
