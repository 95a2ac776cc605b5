"""A second implementation of the protocol, written from its page and these vectors alone."""
