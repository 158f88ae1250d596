#!/bin/sh
# The LED, which this board has not.
while true; do sleep 1; done
