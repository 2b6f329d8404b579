"""A desktop of the test's own: a screen, a window manager, pointer and keyboard, and a program to drag from and to."""
