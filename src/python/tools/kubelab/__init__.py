"""A real Kubernetes control plane on loopback, built from Go modules, its nodes simulated by kwok."""
