"""The sentences about Aura."""
