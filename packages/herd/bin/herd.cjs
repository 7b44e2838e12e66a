#!/usr/bin/env node
'use strict';
require('../dist/herd.cjs');
