"""The handlers of the `earshot` command: from parsed options to an exit code, 0 or 1.

What a command needs is imported inside its handler, so that none waits for what only another one needs.
"""
