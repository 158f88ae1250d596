"""A connection over a serial port: the port, the thread that owns it, the reconnect."""
