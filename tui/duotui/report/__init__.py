"""A verdict as Markdown, HTML and SVG. Pure."""
