# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# What is compiled of this layer. A test looks that no .cc file is missing here.
set(sources
    current_exception.cc
    deadline.cc
    error.cc
    exit.cc
    logging.cc
    signature.cc)
