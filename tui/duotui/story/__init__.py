"""Storytelling for children: cards, sentences, what parents allow. No screen and no port here."""
