#!/bin/sh
':' //; exec env MALLOC_TRIM_THRESHOLD_="${MALLOC_TRIM_THRESHOLD_-131072}" node "$0" "$@"
// The line above is a string for Node, and for sh the program. It has glibc keep the thresholds that it begins with: it
// raises them with each large buffer that is freed, and what a burst of starts has needed is never given back then.
'use strict';
require('../dist/shepherd.cjs');
