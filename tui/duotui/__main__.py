"""`python -m duotui`."""

import sys

from duotui.cli.main import main

sys.exit(main())
