"""Ways to teach an ear: Earshot's own, and those of the published systems it is compared with."""
