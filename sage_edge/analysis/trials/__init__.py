"""Trials: what they would show (simulate), what they show (blocks, look), and which is proposed next (propose)."""
