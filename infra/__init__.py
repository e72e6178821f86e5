"""The local stack: what `template.yaml` describes, on this machine."""
