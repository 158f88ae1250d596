"""A screen that is told of news: however fast they come, one message waits at most, so that keys
get their turn."""

from textual.message import Message
from textual.screen import Screen


class ListeningScreen(Screen[None]):
    """`listen` is called for each piece of news; `show_news` then draws what there is."""

    class Heard(Message):
        """There is news."""

    def __init__(self) -> None:
        super().__init__()
        self._news = False

    def listen(self) -> None:
        if not self._news and self.is_attached:
            self._news = True
            self.post_message(self.Heard())

    def on_listening_screen_heard(self) -> None:
        self._news = False
        self.show_news()

    def show_news(self) -> None:
        raise NotImplementedError
