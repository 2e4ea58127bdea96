"""How a platform says it: one folder a platform, each ignorant of the others."""
