"""The register of this service's own tables."""

from shared.database import ModelBase, service_metadata


class Base(ModelBase):
    """Base of the models of catalog."""

    __abstract__ = True
    metadata = service_metadata()
