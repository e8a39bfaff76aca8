"""The edge: Envoy, and the control plane that configures and watches it."""
