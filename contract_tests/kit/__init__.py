"""What the sentences stand on: the target's clients, the guard before them, and what a run found."""
