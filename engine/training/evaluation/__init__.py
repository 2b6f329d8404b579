"""How well the ear hears: protocols, the systems compared, and the table."""
