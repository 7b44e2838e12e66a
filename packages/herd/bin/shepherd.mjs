#!/usr/bin/env node
import '../dist/shepherd.mjs';
