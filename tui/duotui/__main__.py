"""`python -m duotui`."""

import sys

from duotui.cli import main

sys.exit(main())
