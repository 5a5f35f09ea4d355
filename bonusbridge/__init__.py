"""Where all parts meet: configuration, wiring, the command line, the demo."""
