"""How each family's instruments are drawn from random numbers."""
