"""Screen that coalesces updates: at most one message is queued, so that keys are handled between
fast events."""

from textual.message import Message

from duotui.ui.bindings import TranslatedBindings


class ThrottledScreen(TranslatedBindings[None]):
    """`post_news` requests an update, from any number of events; `show_news` draws the state."""

    class NewsPosted(Message):
        """The state has changed."""

    def __init__(self) -> None:
        super().__init__()
        self._news = False

    def post_news(self) -> None:
        if not self._news and self.is_attached:
            self._news = True
            self.post_message(self.NewsPosted())

    def on_throttled_screen_news_posted(self) -> None:
        self._news = False
        self.show_news()

    def show_news(self) -> None:
        raise NotImplementedError
