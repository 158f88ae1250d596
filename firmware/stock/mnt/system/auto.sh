#!/bin/sh
# put the program you want to run automatically here
