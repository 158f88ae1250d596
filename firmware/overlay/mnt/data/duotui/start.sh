#!/bin/sh
# Makes a board ready to be talked to over its USB cable: a serial port first (3346:1003), then the
# network that the image has, and a login on the port. No swap, no downloader of Arduino, no modules
# of a camera. `start.sh number` prints the port's serial number, and changes nothing else.
GADGET=/tmp/usb/usb_gadget/cvitek

# So that a host knows this board from another one: by its card, else by a number drawn once.
serial=$(cat /sys/block/mmcblk0/device/serial 2>/dev/null)
[ -n "$serial" ] || serial=$(cat /mnt/data/duotui/serial 2>/dev/null)
if [ -z "$serial" ]; then
    serial=$(head -c 4 /dev/urandom | od -An -tx1 | tr -d ' \n')
    echo "$serial" >/mnt/data/duotui/serial
fi
if [ "$1" = number ]; then
    echo "duotui-$serial"
    exit
fi

# A second start takes the place of the first.
first=$(cat /tmp/duotui-start.pid 2>/dev/null)
[ -n "$first" ] && kill "$first" 2>/dev/null
echo $$ >/tmp/duotui-start.pid

# The image brings its own gadget, and its swap, up beside this.
tries=0
while [ $tries -lt 10 ] && [ -z "$(cat $GADGET/UDC 2>/dev/null)" ]; do
    sleep 1
    tries=$((tries + 1))
done

# burnd of an Arduino image comes seconds after the gadget, and would take the port from the login.
tries=0
while [ $tries -lt 60 ]; do
    killall burnd 2>/dev/null
    sleep 1
    tries=$((tries + 1))
done &

swapoff -a
/mnt/data/duotui/modules

# Who has a keyboard, a disk or a network at the USB port keeps it: one port is a host's or a device's.
case $(readlink /mnt/system/usb.sh 2>/dev/null) in *host*) exit ;; esac

network=
for function in ncm rndis; do
    ls "$GADGET"/functions 2>/dev/null | grep -q "^$function" && network=$function
done
[ -d "$GADGET" ] && /etc/run_usb.sh stop
/etc/uhubon.sh device 2>/dev/null
/etc/run_usb.sh probe acm
[ -n "$network" ] && /etc/run_usb.sh probe "$network"
echo "duotui-$serial" >"$GADGET/strings/0x409/serialnumber"
/etc/run_usb.sh start
[ -n "$network" ] && ifconfig usb0 192.168.42.1 netmask 255.255.255.0 up

# It waits for Enter: a prompt that nobody reads would be the first thing that a host reads.
while true; do
    [ -c /dev/ttyGS0 ] && getty -w -L 115200 ttyGS0 vt100
    sleep 1
done
