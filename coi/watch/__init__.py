"""The watcher: a process of its own that writes warnings and breaches of running clocks."""
