"""duotui: a small board tells a story, and you can see that it is the right one.

The engine and the host program have one version, in native/src/base/version.h."""

import re

from duotui.base.resources import resource_folder

_HEADER = resource_folder("native") / "src/base/version.h"
(__version__,) = re.findall(r'#define DUO_VERSION "(.+)"', _HEADER.read_text("utf-8"))
