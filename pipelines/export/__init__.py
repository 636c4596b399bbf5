"""A finished report as PDF, and its charts as SVG and PNG, drawn by the Chromium of the machine."""

from pipelines.export.files import export

__all__ = ["export"]
