#!/bin/sh
':' //; [ "${MALLOC_TRIM_THRESHOLD_+set}" ] || export MALLOC_TRIM_THRESHOLD_=131072 BELLWETHER_OWN_THRESHOLD=1; exec node "$0" "$@"
// The line above is a string for Node, and for sh the program. It has glibc keep the thresholds that it begins with: it
// raises them with each large buffer that is freed, and what a burst of starts has needed is never given back then.
'use strict';
require('../dist/shepherd.cjs');
