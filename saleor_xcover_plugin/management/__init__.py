"""Management commands of the plugin, and the output and arguments they share."""
