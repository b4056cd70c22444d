"""flit, which reads version and description from the module"""

__version__ = "1.2.3"
