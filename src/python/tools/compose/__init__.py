"""compose.yaml: the shop from its images, on one machine."""
