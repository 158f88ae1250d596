#!/bin/sh
# run_usb.sh probe FUNCTION | start | stop: the USB gadget, by configfs. The function that is probed first
# names the device; with a second one it is a composite device.
CONFIGFS=/tmp/usb
GADGET=$CONFIGFS/usb_gadget/cvitek
CONFIG=$GADGET/configs/c.1

create() { # NUMBER NAME
    mkdir "$GADGET"
    echo 0x3346 >"$GADGET/idVendor"
    echo "$1" >"$GADGET/idProduct"
    mkdir "$GADGET/strings/0x409" "$CONFIG" "$CONFIG/strings/0x409"
    echo milkv-duo-series >"$GADGET/strings/0x409/serialnumber"
    echo milkv >"$GADGET/strings/0x409/manufacturer"
    echo "$2" >"$GADGET/strings/0x409/product"
    echo config1 >"$CONFIG/strings/0x409/configuration"
}

composite() {
    echo 0xEF >"$GADGET/bDeviceClass"
    echo 0x02 >"$GADGET/bDeviceSubClass"
    echo 0x01 >"$GADGET/bDeviceProtocol"
}

probe() {
    case $1 in
        acm) id=0x1003 name="USB Com Port" ;;
        rndis) id=0x1009 name=RNDIS ;;
        ncm) id=0x100C name=NCM ;;
        *) echo "no function $1" >&2; exit 1 ;;
    esac
    mkdir -p "$CONFIGFS"
    [ -d "$CONFIGFS/usb_gadget" ] || mount none "$CONFIGFS" -t configfs
    number=$(ls "$GADGET/functions" 2>/dev/null | wc -l)
    if [ -d "$GADGET" ]; then composite; else create "$id" "$name"; fi
    mkdir "$GADGET/functions/$1.usb$number"
    ln -s "$GADGET/functions/$1.usb$number" "$CONFIG"
}

stop() {
    echo "" >"$GADGET/UDC"
    rm "$CONFIG"/*.usb*
    rmdir "$CONFIG"/strings/* "$CONFIG" "$GADGET"/functions/* "$GADGET"/strings/* "$GADGET"
}

case $1 in
    probe) probe "$2" ;;
    start) ls /sys/class/udc | head -n 1 >"$GADGET/UDC" ;;
    stop) stop ;;
    *) echo "run_usb.sh probe FUNCTION | start | stop" >&2; exit 1 ;;
esac
