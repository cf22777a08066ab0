"""One OpenAPI document out of ten, and the committed descriptions it can always be made from."""

from gateway.openapi.files import read_descriptions
from gateway.openapi.merging import merge

__all__ = ["merge", "read_descriptions"]
