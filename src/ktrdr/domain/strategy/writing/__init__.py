"""Writing strategy documents: as YAML, as a template, as a schema, from an older version."""
