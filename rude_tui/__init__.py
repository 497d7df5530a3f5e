"""The shell: command line, app, settings, themes. Wires the rest together; nothing imports it."""
