"""What makes things that ship; in the source tree only, in no wheel and no image."""
