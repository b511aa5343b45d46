"""Transcripts → findings → one recommendation with a prediction → the check of that prediction."""
