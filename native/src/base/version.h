// One number for the command line and the agent.
#ifndef DUO_VERSION_H
#define DUO_VERSION_H

#define DUO_VERSION "0.1.0"

#endif
