"""Erasure of persons: who is meant, what is kept of them (a keyed hash), what is removed, proof."""
