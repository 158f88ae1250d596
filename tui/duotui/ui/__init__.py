"""Screens of the console, the judge and the story. Only this package imports textual."""
