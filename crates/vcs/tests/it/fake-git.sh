#!/bin/sh
# Stands for git: does what the script of the test says.
T=$(dirname "$0")/..
. "$T/script"
