// The version that the command line and the agent report.
#ifndef DUO_BASE_VERSION_H
#define DUO_BASE_VERSION_H

#define DUO_VERSION "0.1.0"

#endif
