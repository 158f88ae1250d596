"""A screen that is told of news: however fast they come, one message waits at most, so that keys
get their turn."""

from textual.message import Message
from textual.screen import Screen


class LiveScreen(Screen[None]):
    """`listen` is called for each piece of news; `show_news` then draws what there is."""

    class NewsPosted(Message):
        """There is news."""

    def __init__(self) -> None:
        super().__init__()
        self._news = False

    def post_news(self) -> None:
        if not self._news and self.is_attached:
            self._news = True
            self.post_message(self.NewsPosted())

    def on_live_screen_news_posted(self) -> None:
        self._news = False
        self.show_news()

    def show_news(self) -> None:
        raise NotImplementedError
