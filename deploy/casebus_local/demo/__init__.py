"""The demo: the whole bus on this machine, the traffic of twelve agencies, and proof that nothing got lost."""

from casebus_local.demo.run import run_demo

__all__ = ["run_demo"]
