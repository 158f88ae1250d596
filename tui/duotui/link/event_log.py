"""What the log says of events: the link, the engine, a story's settings. No prompt and no story."""

import logging

from duotui.base.log import logger
from duotui.protocol import events
from duotui.protocol.events import Batch, Event

_log = logger(__name__)


def log_events(batch: Batch) -> None:
    for event in batch:
        level, text = _line(event)
        if text:
            _log.log(level, "%s: %s", event.source, text)


def _line(event: Event) -> tuple[int, str]:
    match event:
        case events.LinkOpening(target=target):
            return logging.INFO, f"opening {target}"
        case events.LinkUp(target=target, described=described):
            return logging.INFO, f"{target} is open: {described}"
        case events.LinkReconnecting(reason=reason, hint=hint):
            return logging.WARNING, f"lost, reconnecting: {reason}; {hint}"
        case events.LinkLost(reason=reason, hint=hint, status=status):
            return logging.ERROR, f"lost for good, status {status}: {reason}; {hint}"
        case events.LinkSilent(seconds=seconds):
            return logging.WARNING, f"silent for {seconds:.0f} s"
        case events.LinkResponding():
            return logging.INFO, "it answers"
        case events.LineNoise(count=count):
            return logging.DEBUG, f"{count} bytes of noise"
        case events.LinkHealth(acknowledged=acknowledged, repeated=repeated, lost=lost):
            text = (
                f"{acknowledged} events acknowledged, {repeated} retransmitted, {lost} frames lost"
            )
            return logging.DEBUG, text
    return _line_of_engine(event)


def _line_of_engine(event: Event) -> tuple[int, str]:
    match event:
        case events.Ready():
            modes = ", ".join(event.modes)
            text = f"engine {event.version} on {event.machine}, modes {modes}, boot {event.boot}"
            return logging.INFO, f"{text}, model {event.model_hash[:12]}"
        case events.RunStarted():
            text = f"story {event.story}: {event.mode}, {event.steps} steps, seed {event.seed}"
            return logging.INFO, f"{text}, {len(event.ids)} tokens of prompt"
        case events.RunEnded(reason=reason, tokens=tokens, rate=rate):
            return logging.INFO, f"story ended, {reason}: {tokens} tokens, {rate:.2f} tok/s"
        case events.Regenerating(told=told, count=count):
            return logging.DEBUG, f"regenerating, {told} of {count}"
        case events.Regenerated():
            return logging.INFO, "regenerated, the same tokens"
        case events.SpeechEnded(silence=silence, trouble=trouble):
            return logging.INFO, f"speech ended, {silence}: {trouble}"
        case events.RecordingFailed(text=text) | events.Fault(text=text):
            return logging.ERROR, text
    return logging.DEBUG, ""
