"""Administration and consumers, readable top to bottom: the sibling of `pipeline`.

Provisioning compares what the configuration wants with what the server has, and carries the
difference out; then it compares again and finds nothing left to do.
"""
