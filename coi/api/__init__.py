"""The REST interface: checks what comes in, calls one action, shows what was recorded."""
