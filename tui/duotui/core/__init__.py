"""The program without a screen: events, state, session, recordings. No Textual, no pyserial."""
