#!/usr/bin/env node
'use strict';
require('../dist/shepherd.cjs');
