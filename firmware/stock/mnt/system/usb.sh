#!/bin/sh
# Ethernet over USB, as the image has it.
/etc/uhubon.sh device >/dev/null 2>&1
/etc/run_usb.sh probe ncm
/etc/run_usb.sh start
ifconfig usb0 192.168.42.1 netmask 255.255.255.0 up
