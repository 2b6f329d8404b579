"""What the window does: each controller runs one kind of work and tells the panels of it by signals."""
