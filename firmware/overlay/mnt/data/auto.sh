#!/bin/sh
# The image runs this at the end of its start, in place of /mnt/system/auto.sh. The script that its
# owner had here, or else that one, goes on after it.
/mnt/data/duotui/start.sh >/tmp/duotui-start.log 2>&1 &
if [ -f /mnt/data/duotui/owner-auto.sh ]; then
    . /mnt/data/duotui/owner-auto.sh
elif [ -f /mnt/system/auto.sh ]; then
    . /mnt/system/auto.sh
fi
