"""The children's side: cards, sentences, what parents settle. Knows no screen and no port."""
