"""Storytelling for children: cards, generation, reading aloud, parental rules."""
