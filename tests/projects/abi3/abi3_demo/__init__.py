"""A package with a compiled part."""

import ctypes
from importlib.util import find_spec

answer = ctypes.CDLL(find_spec("abi3_demo._answer").origin).answer
