#!/bin/sh
# uhubon.sh device|host: which end of the USB cable this is.
echo "$1" >/proc/cviusb/otg_role
