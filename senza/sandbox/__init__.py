"""The local AWS: moto made as strict as AWS where senza depends on it, with a seeded account."""
