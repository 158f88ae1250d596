"""duotui: a small board tells a story, and you can see that it is the right one."""

__version__ = "0.1.0"
