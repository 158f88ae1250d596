#!/bin/sh
# The image runs this at the end of its start, in place of /mnt/system/auto.sh.
/mnt/data/duotui/start.sh >/tmp/duotui-start.log 2>&1 &
