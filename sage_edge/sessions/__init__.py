"""One runner for every kind of session: brief → turns → journal → transcript; picks up what a crash left."""
