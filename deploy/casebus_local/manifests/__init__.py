"""Kafka on Kubernetes as code: the resources of the Strimzi operator, made from the declared topics.

``python -m casebus_local.manifests write|check deploy/kubernetes`` keeps the committed files as declared, and
``… agency OVO000001`` prints what one more agency needs.
"""

from __future__ import annotations

from casebus_local.manifests.agency import agency_resources
from casebus_local.manifests.files import differences, files, write
from casebus_local.manifests.sizes import SIZES, Size

__all__ = ["SIZES", "Size", "agency_resources", "differences", "files", "write"]
