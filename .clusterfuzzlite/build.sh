#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

exec bash -eu "$SRC/bulla/fuzz/oss-fuzz/build.sh"
