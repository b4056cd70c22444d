"""A package with a compiled part."""

import ctypes
from importlib.util import find_spec

answer = ctypes.CDLL(find_spec("c_extension._answer").origin).answer
